// What keeps the commands of a turn in their place. One interface; where it comes from depends on the machine.
import { execFile } from "node:child_process";
import { endLeftovers } from "../lib/leftovers.ts";
import type { Access, ApprovalMode } from "../protocol.ts";
import type { AskForApproval } from "./codex/protocol/v2/AskForApproval.ts";
import type { SandboxPolicy } from "./codex/protocol/v2/SandboxPolicy.ts";
import type { TurnEnvironmentParams } from "./codex/protocol/v2/TurnEnvironmentParams.ts";

/** Sent with every `thread/start`, `thread/resume` and `turn/start`: Codex falls back to its own defaults otherwise. */
export interface JailPolicy {
  sandbox: "read-only" | "workspace-write" | "danger-full-access";
  sandboxPolicy: SandboxPolicy;
  approvalPolicy: AskForApproval;
  /** Where commands and patches are carried out, the first of them where the model names none. Null: by Codex itself. */
  environments: TurnEnvironmentParams[] | null;
}

export interface Jail {
  /** False where this machine cannot hold commands back; then no turn may run. */
  isUsable(): Promise<boolean>;
  policy(access: Access, mode: ApprovalMode): JailPolicy;
  /** What the model has to know about it, as instructions of every conversation. */
  readonly instructions: string | null;
  /** Whether nothing can be changed in that environment, so that nobody needs to be asked. */
  isHarmless(environmentId: string | null | undefined): boolean;
  /** Before the first command of each turn. */
  beforeTurn(): void;
  /** Ends what the turn's commands left running, as far as Codex does not know of it. */
  afterTurn(): Promise<void>;
  /** Codex is gone: ends what it left running. */
  afterCodex(): Promise<void>;
}

/**
 * Nothing may leave the sandbox, and nothing waits for a person. Codex still asks before commands that it finds
 * dangerous (`rm -rf`); accepted, they run inside the sandbox. With "never" it would reject them instead.
 */
export const STAY_INSIDE: AskForApproval = {
  granular: {
    sandbox_approval: false,
    rules: true,
    skill_approval: false,
    request_permissions: false,
    mcp_elicitations: false,
  },
};

/**
 * With people who decide, a turn that writes starts out read-only: reads run freely because they cannot do harm, and
 * what Codex wants beyond that it must ask for. An accepted command runs without the sandbox, an accepted patch is applied.
 */
const READ_ONLY = {
  sandbox: "read-only",
  sandboxPolicy: { type: "readOnly", networkAccess: false },
  environments: null,
} as const satisfies Omit<JailPolicy, "approvalPolicy">;

const PROBE_TIMEOUT_MS = 5_000;

/** Where Codex itself carries out the commands, as its own user. */
abstract class LocalJail implements Jail {
  readonly instructions = null;
  readonly #home: string | undefined;

  /** `home` is the HOME of Codex and its commands. */
  constructor(home: string | undefined) {
    this.#home = home;
  }

  abstract isUsable(): Promise<boolean>;
  abstract policy(access: Access, mode: ApprovalMode): JailPolicy;

  isHarmless(): boolean {
    return false;
  }

  beforeTurn(): void {}

  async afterTurn(): Promise<void> {}

  async afterCodex(): Promise<void> {
    if (this.#home !== undefined) endLeftovers(this.#home);
  }
}

/** Codex's own sandbox (bubblewrap, seatbelt): for a developer's machine, where there are no separate users. */
export class CodexSandboxJail extends LocalJail {
  readonly #binaryPath: string;
  readonly #env: NodeJS.ProcessEnv;
  #usable: Promise<boolean> | undefined;

  constructor(binaryPath: string, env: NodeJS.ProcessEnv) {
    super(env.HOME);
    this.#binaryPath = binaryPath;
    this.#env = env;
  }

  isUsable(): Promise<boolean> {
    this.#usable ??= this.#probe().then((isUsable) => {
      // A probe can fail on a machine that is busy: the next turn looks again.
      if (!isUsable) this.#usable = undefined;
      return isUsable;
    });
    return this.#usable;
  }

  policy(access: Access, mode: ApprovalMode): JailPolicy {
    // A turn that may only read never leaves its sandbox, so nothing of it is for a person to decide.
    if (access === "read") return { ...READ_ONLY, approvalPolicy: STAY_INSIDE };
    if (mode === "suggest") return { ...READ_ONLY, approvalPolicy: "on-request" };
    if (mode === "manual") return { ...READ_ONLY, approvalPolicy: "untrusted" };
    const sandboxPolicy: SandboxPolicy = {
      type: "workspaceWrite",
      writableRoots: [],
      networkAccess: false,
      excludeTmpdirEnvVar: false,
      excludeSlashTmp: true,
    };
    return { sandbox: "workspace-write", sandboxPolicy, approvalPolicy: STAY_INSIDE, environments: null };
  }

  #probe(): Promise<boolean> {
    const args = ["sandbox", "-P", ":read-only", "true"];
    return new Promise((resolve) => {
      execFile(this.#binaryPath, args, { env: this.#env, timeout: PROBE_TIMEOUT_MS }, (error) =>
        resolve(error === null),
      );
    });
  }
}

/** No sandbox at all. Only by the explicit wish of the machine's owner (`HOST_SANDBOX=off`). */
export class OpenJail extends LocalJail {
  isUsable(): Promise<boolean> {
    return Promise.resolve(true);
  }

  policy(_access: Access, mode: ApprovalMode): JailPolicy {
    return {
      sandbox: "danger-full-access",
      sandboxPolicy: { type: "dangerFullAccess" },
      approvalPolicy: mode === "auto" ? STAY_INSIDE : "untrusted",
      environments: null,
    };
  }
}
