// A clock that can be wrong. Imported before everything else.
import { offsetMs } from "./switches.ts";

const RealDate = Date;
const now = (): number => RealDate.now() + offsetMs();

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
});
