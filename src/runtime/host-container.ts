// The Workers `Container` interface over the process host (container/host): what `ctx.container` is where the platform
// provides none. Everything above it is the same code as with real containers.
// https://developers.cloudflare.com/durable-objects/api/container/
import * as z from "zod";
import { HostClient, type HostInstance } from "./host-client.ts";

/** What of the Durable Object's state it needs: identity, and a place that outlives the isolate. */
export interface HostState {
  id: { toString(): string };
  storage: { kv: { get(key: string): unknown; put(key: string, value: unknown): void; delete(key: string): boolean } };
}

const STORAGE_KEY = "host_container";
const StoredInstance = z.object({ instance: z.string(), port: z.number().int() });

/** The texts that `@cloudflare/containers` knows from the platform. */
const NOT_LISTENING = "the container is not listening";
const SIGKILL = 9;

export class HostContainer implements Container {
  readonly #client: HostClient;
  readonly #storage: HostState["storage"];
  #instance: Promise<HostInstance> | undefined;
  #exit: Promise<void> | undefined;

  constructor(state: HostState, url: string, token: string) {
    this.#client = new HostClient(url, token, state.id.toString());
    this.#storage = state.storage;
    const stored = StoredInstance.safeParse(this.#storage.kv.get(STORAGE_KEY));
    // After a restart of the Worker the runner is still there, or the host says that it is not.
    if (stored.success) this.#track(Promise.resolve(stored.data));
  }

  get running(): boolean {
    return this.#instance !== undefined;
  }

  get images(): Record<string, string> {
    return {};
  }

  /** Like the platform's: returns at once, and a failure to start shows in {@link monitor}. */
  start(options?: ContainerStartupOptions): void {
    if (this.running) throw new Error("start() cannot be called on a container that is already running.");
    const starting = this.#client.start(options?.env ?? {}).then((instance) => {
      this.#storage.kv.put(STORAGE_KEY, instance);
      return instance;
    });
    this.#track(starting);
  }

  monitor(): Promise<void> {
    return this.#exit ?? Promise.resolve();
  }

  async destroy(): Promise<void> {
    const instance = await this.#instance?.catch(() => undefined);
    if (instance !== undefined) await this.#client.destroy(instance);
    await this.#exit?.catch(() => {});
  }

  /** Ends the process and deletes all that it left on disk. */
  async deleteDisk(): Promise<void> {
    await this.#client.deleteDisk();
    await this.#exit?.catch(() => {});
  }

  signal(signo: number): void {
    void this.#instance?.then((instance) => this.#client.signal(instance, signo)).catch(() => {});
  }

  /** There is one server in an agent's process; whatever the port, it is reached at the one it listens on. */
  getTcpPort(_port: number): Fetcher {
    const forward = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      const instance = await this.#instance;
      if (instance === undefined) throw new Error(NOT_LISTENING);
      const request = new Request(input, init);
      const { pathname, search } = new URL(request.url);
      return fetch(new Request(`http://127.0.0.1:${instance.port}${pathname}${search}`, request)).catch(
        (cause: unknown) => {
          throw new Error(NOT_LISTENING, { cause });
        },
      );
    };
    const connect = (): never => {
      throw new Error("raw TCP to a process is not supported");
    };
    return { fetch: forward, connect } as Fetcher; // the two methods are the interface; its RPC typing cannot be written by hand
  }

  /** A process is not put to sleep by its host: the Durable Object's own timer ends it. */
  async setInactivityTimeout(): Promise<void> {}

  /** A host process's traffic cannot be intercepted; it is told the gateway's real address at its start. */
  async interceptOutboundHttp(): Promise<void> {}
  async interceptAllOutboundHttp(): Promise<void> {}
  async interceptOutboundHttps(): Promise<void> {}

  async inspect(): Promise<null> {
    return null;
  }

  snapshotContainer(): Promise<never> {
    return Promise.reject(new Error("a host process cannot be snapshotted"));
  }

  exec(): Promise<never> {
    return Promise.reject(new Error("exec is not supported on a host process"));
  }

  #track(instance: Promise<HostInstance>): void {
    this.#instance = instance;
    this.#exit = this.#watch(instance);
    this.#exit.catch(() => {});
  }

  /** Resolves on exit code 0 and rejects on any other, as the platform does. */
  async #watch(starting: Promise<HostInstance>): Promise<void> {
    try {
      const instance = await starting;
      const code = await this.#client.exitOf(instance);
      if (code === undefined) throw new Error(`runtime signalled the container to exit: ${SIGKILL}`);
      if (code !== 0) throw new Error(`container exited with unexpected exit code: ${code}`);
    } finally {
      this.#instance = undefined;
      this.#storage.kv.delete(STORAGE_KEY);
    }
  }
}
