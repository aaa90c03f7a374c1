// The way to the one Fleet, and to the key that it keeps.
import { importSigningKey, type SigningKey } from "../lib/signature.ts";
import type { Fleet } from "./fleet.ts";

export type FleetNamespace = DurableObjectNamespace<Fleet>;

const keys = new WeakMap<FleetNamespace, SigningKey>();

export function fleetOf(namespace: FleetNamespace): DurableObjectStub<Fleet> {
  return namespace.getByName("fleet");
}

/** Asked for once per isolate. */
export async function signingKey(namespace: FleetNamespace): Promise<SigningKey> {
  const known = keys.get(namespace);
  if (known !== undefined) return known;
  const key = await importSigningKey(await fleetOf(namespace).signingSecret());
  keys.set(namespace, key);
  return key;
}
