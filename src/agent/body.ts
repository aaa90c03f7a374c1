// The agent's container: started when it is needed, one incarnation per start. Whoever holds a runner client of an older
// incarnation is refused by the runner, since each start has a token of its own.

import type { Logger } from "../../container/lib/log.ts";
import { MODEL_BASE_URL } from "../../container/protocol.ts";
import { AppError } from "../errors.ts";
import { RunnerClient } from "../runtime/runner-client.ts";
import type { Incarnation, Incarnations } from "./store/incarnations.ts";

/** What it needs of the `Container` class. */
export interface ContainerControl {
  readonly isRunning: boolean;
  /** Resolves when the port answers. Rejects where the container does not come up. */
  start(env: Record<string, string>): Promise<void>;
  fetch(path: string, init: RequestInit): Promise<Response>;
  destroy(): Promise<void>;
}

export interface Runner {
  incarnation: string;
  client: RunnerClient;
}

export interface BodyOptions {
  container: ContainerControl;
  incarnations: Incarnations;
  /** Before each start. Throws `busy` where too many containers are up. */
  acquireLease(): Promise<void>;
  /** The Durable Object's id, 64 hexadecimal characters: with it the gateway finds its way back. */
  objectId: string;
  logLevel: string;
  log: Logger;
}

interface Look {
  incarnation: string;
  at: number;
  /** Never rejects. */
  answered: Promise<boolean>;
}

const ANSWER_TIMEOUT_MS = 2_000;
const LOOK_GOOD_FOR_MS = 100;

export class AgentBody {
  readonly #options: BodyOptions;
  #starting: Promise<Runner> | undefined;
  #look: Look | undefined;

  constructor(options: BodyOptions) {
    this.#options = options;
  }

  /** The runner that is up, or undefined where the container is not running. */
  current(): Runner | undefined {
    const { container, incarnations } = this.#options;
    const incarnation = container.isRunning ? incarnations.current() : undefined;
    return incarnation && this.#runner(incarnation);
  }

  /**
   * Looks whether the runner that is up answers, for an {@link ensureRunning} that follows at once. What is sent after a
   * write waits until that is durable; this need not.
   */
  lookAhead(): void {
    const current = this.current();
    if (current !== undefined) {
      this.#look = { incarnation: current.incarnation, at: Date.now(), answered: answers(current) };
    }
  }

  /** Brings the container up where it is not, or is and does not answer. Throws `container_unavailable`. */
  async ensureRunning(): Promise<Runner> {
    this.#starting ??= this.#bringUp().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** Whether that start is the one that is up now. */
  isCurrent(incarnation: string): boolean {
    return this.current()?.incarnation === incarnation;
  }

  /** Ends the container now: for a runner that does not answer any more. */
  async destroy(): Promise<void> {
    this.#options.incarnations.endCurrent();
    await this.#options.container.destroy();
  }

  /** A container that has ended counts as running for a moment; a turn that is given to it then would be lost. */
  async #bringUp(): Promise<Runner> {
    const current = this.current();
    if (current !== undefined && (await this.#answers(current))) return current;
    return this.#start();
  }

  #answers(runner: Runner): Promise<boolean> {
    const look = this.#look;
    this.#look = undefined;
    const isFresh = look?.incarnation === runner.incarnation && look.at > Date.now() - LOOK_GOOD_FOR_MS;
    return isFresh ? look.answered : answers(runner);
  }

  async #start(): Promise<Runner> {
    const { container, incarnations, acquireLease, objectId, logLevel, log } = this.#options;
    await acquireLease();
    const incarnation = await incarnations.prepare();
    const startedAt = Date.now();
    try {
      // A container without a known incarnation has a token that nobody holds.
      if (container.isRunning) await container.destroy();
      await container.start({
        RUNNER_TOKEN: incarnation.runner_token,
        MODEL_TOKEN: `${objectId}.${incarnation.model_secret}`,
        MODEL_BASE_URL,
        INCARNATION: incarnation.id,
        LOG_LEVEL: logLevel,
      });
    } catch (cause) {
      log.error("container did not start", { incarnation: incarnation.id, error: cause });
      const message = "The agent's container could not be started. Try again in a minute; the log has the reason.";
      throw new AppError("container_unavailable", message, { cause });
    }
    // Only now: the start first reports that the container before it has stopped, and that ends the current incarnation.
    incarnations.begin(incarnation);
    log.info("container started", { incarnation: incarnation.id, duration_ms: Date.now() - startedAt });
    return this.#runner(incarnation);
  }

  #runner({ id, runner_token }: Incarnation): Runner {
    const client = new RunnerClient((path, init) => this.#options.container.fetch(path, init), runner_token);
    return { incarnation: id, client };
  }
}

/** One that is about to end does not count. */
async function answers({ client }: Runner): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), ANSWER_TIMEOUT_MS);
  const answered = client.health().then(
    ({ draining }) => !draining,
    () => false,
  );
  return Promise.race([answered, late.promise]).finally(() => clearTimeout(timer));
}
