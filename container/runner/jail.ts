// What keeps the commands of a turn in their place. One interface; where it comes from depends on the machine.
import { execFile } from "node:child_process";
import type { Access } from "../protocol.ts";
import type { AskForApproval } from "./codex/protocol/v2/AskForApproval.ts";
import type { SandboxPolicy } from "./codex/protocol/v2/SandboxPolicy.ts";

/** Sent with every `thread/start`, `thread/resume` and `turn/start`: Codex falls back to its own defaults otherwise. */
export interface JailPolicy {
  sandbox: "read-only" | "workspace-write" | "danger-full-access";
  sandboxPolicy: SandboxPolicy;
  approvalPolicy: AskForApproval;
}

export interface Jail {
  /** False where this machine cannot hold commands back; then no turn may run. */
  isUsable(): Promise<boolean>;
  policy(access: Access): JailPolicy;
}

/**
 * Nothing may leave the sandbox, and nothing waits for a person. Codex still asks before commands that it finds
 * dangerous (`rm -rf`); accepted, they run inside the sandbox. With "never" it would reject them instead.
 */
const STAY_INSIDE: AskForApproval = {
  granular: {
    sandbox_approval: false,
    rules: true,
    skill_approval: false,
    request_permissions: false,
    mcp_elicitations: false,
  },
};

const PROBE_TIMEOUT_MS = 5_000;

/** Codex's own sandbox (bubblewrap, seatbelt): for a developer's machine, where there are no separate users. */
export class CodexSandboxJail implements Jail {
  readonly #binaryPath: string;
  readonly #env: NodeJS.ProcessEnv;
  #usable: Promise<boolean> | undefined;

  constructor(binaryPath: string, env: NodeJS.ProcessEnv) {
    this.#binaryPath = binaryPath;
    this.#env = env;
  }

  isUsable(): Promise<boolean> {
    this.#usable ??= this.#probe();
    return this.#usable;
  }

  policy(access: Access): JailPolicy {
    if (access === "read") {
      const sandboxPolicy: SandboxPolicy = { type: "readOnly", networkAccess: false };
      return { sandbox: "read-only", sandboxPolicy, approvalPolicy: STAY_INSIDE };
    }
    const sandboxPolicy: SandboxPolicy = {
      type: "workspaceWrite",
      writableRoots: [],
      networkAccess: false,
      excludeTmpdirEnvVar: false,
      excludeSlashTmp: true,
    };
    return { sandbox: "workspace-write", sandboxPolicy, approvalPolicy: STAY_INSIDE };
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
export class OpenJail implements Jail {
  isUsable(): Promise<boolean> {
    return Promise.resolve(true);
  }

  policy(): JailPolicy {
    return {
      sandbox: "danger-full-access",
      sandboxPolicy: { type: "dangerFullAccess" },
      approvalPolicy: STAY_INSIDE,
    };
  }
}
