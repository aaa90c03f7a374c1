// Storage that fails where it is told to: the real one, with a look at the switches before each write.
import { offsetMs, onBucket, onWrite } from "./switches.ts";

const REQUESTS = new Set(["put", "get", "delete", "list"]);
const WRITE = /^\s*(INSERT|UPDATE|DELETE)/i;

/** `object` is how switches name it. The same state, changed in place: the platform takes no other. */
export function failingState<State extends DurableObjectState>(state: State, object = state.id.toString()): State {
  const { storage } = state;
  const before = (): void => {
    const how = onWrite(object);
    if (how === "reset") state.abort("fault: the object is reset");
    if (how !== undefined) throw new Error("database or disk is full: SQLITE_FULL (fault)");
  };
  const { sql, kv } = storage;
  const exec = sql.exec.bind(sql);
  replace(sql, "exec", (query: string, ...bindings: SqlStorageValue[]) => {
    if (WRITE.test(query)) before();
    return exec(query, ...bindings);
  });
  const put = kv.put.bind(kv);
  replace(kv, "put", (key: string, value: unknown) => {
    before();
    put(key, value);
  });
  followClock(storage);
  return state;
}

/** The platform has one clock: alarms follow what the code takes for the time. */
function followClock(storage: DurableObjectStorage): void {
  const setAlarm = storage.setAlarm.bind(storage);
  replace(storage, "setAlarm", (at: number | Date, options?: DurableObjectSetAlarmOptions) =>
    setAlarm(Number(at) - offsetMs(), options),
  );
  const getAlarm = storage.getAlarm.bind(storage);
  replace(storage, "getAlarm", async (options?: DurableObjectGetAlarmOptions) => {
    const at = await getAlarm(options);
    return at === null ? null : at + offsetMs();
  });
}

function replace<T extends object>(object: T, name: keyof T, value: unknown): void {
  Object.defineProperty(object, name, { value, configurable: true });
}

/** A bucket whose requests fail before or after they are carried out. */
export function failingBucket(bucket: R2Bucket): R2Bucket {
  return new Proxy(bucket, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (!REQUESTS.has(String(name))) return value.bind(target);
      return async (...args: unknown[]) => {
        const how = onBucket(String(name));
        if (how === "before") throw new Error(`${String(name)}: We encountered an internal error. (10001, fault)`);
        const result: unknown = await value.apply(target, args);
        if (how === "after") throw new Error(`${String(name)}: Network connection lost. (fault)`);
        return result;
      };
    },
  });
}
