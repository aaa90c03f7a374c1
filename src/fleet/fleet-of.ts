// The way to the two objects of the Fleet, and to the key that one keeps.
import { importSigningKey, type SigningKey } from "../lib/signature.ts";
import type { Fleet } from "./fleet.ts";

export type FleetNamespace = DurableObjectNamespace<Fleet>;

const keys = new WeakMap<FleetNamespace, SigningKey>();

export function fleetOf(namespace: FleetNamespace): DurableObjectStub<Fleet> {
  return namespace.getByName("fleet");
}

/**
 * Counts the attempts to get in. An object of its own: strangers can make as many as they like, and turns that need a container
 * must not wait behind them.
 */
export function doorkeeperOf(namespace: FleetNamespace): DurableObjectStub<Fleet> {
  return namespace.getByName("doorkeeper");
}

/** Asked for once per isolate. */
export async function signingKey(namespace: FleetNamespace): Promise<SigningKey> {
  const known = keys.get(namespace);
  if (known !== undefined) return known;
  const key = await importSigningKey(await fleetOf(namespace).signingSecret());
  keys.set(namespace, key);
  return key;
}
