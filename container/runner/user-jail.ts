// The jail of the container: one Codex, and its commands in two environments, each under a user of its own. `agent` owns the
// workspace, `reader` may only read it, and neither may look at the runner. No sandbox of Codex's: it needs user namespaces,
// which a container lacks. init/ holds the way from the runner's user to the others.
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import type { Access, ApprovalMode } from "../protocol.ts";
import type { Certificates } from "./certificates.ts";
import type { Layout } from "./codex/settings.ts";
import { type Jail, type JailPolicy, STAY_INSIDE } from "./jail.ts";

export interface UserJailOptions {
  codexPath: string;
  paths: Pick<Layout, "workspace" | "home" | "codexHome">;
  /** What the container may use. */
  memoryBytes: number;
  certificates: Certificates;
}

export const READ_ONLY_ENVIRONMENT = "read-only";
export const WRITABLE_ENVIRONMENT = "writable";

const USERS = { [READ_ONLY_ENVIRONMENT]: "reader", [WRITABLE_ENVIRONMENT]: "agent" } as const;
const RUN_AS = "/app/run-as";
const PROBE_TIMEOUT_MS = 5_000;
const PATH = "/usr/local/bin:/usr/bin:/bin";

/** Of each process, save `nproc`, which is of each user. What one process may not, many may: the container's own limits hold them. */
const MAX_PROCESSES = 1_024;
const MAX_FILE_BYTES = 2 * 1024 ** 3;
const MEMORY_SHARE = 0.75;

/** Where memory is short, the kernel ends what this starts before the runner. */
export const EXPENDABLE: readonly string[] = ["choom", "-n", "1000", "--"];

export class UserJail implements Jail {
  readonly instructions = [
    `Your commands run in environments. Where \`${READ_ONLY_ENVIRONMENT}\` is one of two, it is for whatever only reads, and nobody is asked.`,
    `To change files, name \`${WRITABLE_ENVIRONMENT}\`: as \`environment_id\` of a command, and in a patch by the line \`*** Environment ID: ${WRITABLE_ENVIRONMENT}\`. A person then decides.`,
  ].join("\n");
  readonly #workspace: string;
  readonly #certificates: Certificates;
  #isProven = false;

  /** Writes the settings of the environments to where Codex looks for them. */
  constructor(options: UserJailOptions) {
    this.#workspace = options.paths.workspace;
    this.#certificates = options.certificates;
    writeFileSync(join(options.paths.codexHome, "environments.toml"), environmentsToml(options), { mode: 0o600 });
  }

  async isUsable(): Promise<boolean> {
    // What works once does not stop working; what fails may do so because the machine is busy.
    this.#isProven ||= await runAs("reader", "/", "true");
    return this.#isProven;
  }

  policy(access: Access, mode: ApprovalMode): JailPolicy {
    const open = { sandbox: "danger-full-access", sandboxPolicy: { type: "dangerFullAccess" } } as const;
    const readOnly = { environmentId: READ_ONLY_ENVIRONMENT, cwd: this.#workspace };
    const writable = { environmentId: WRITABLE_ENVIRONMENT, cwd: this.#workspace };
    if (access === "read") return { ...open, approvalPolicy: STAY_INSIDE, environments: [readOnly] };
    if (mode === "auto") return { ...open, approvalPolicy: STAY_INSIDE, environments: [writable] };
    if (mode === "manual") return { ...open, approvalPolicy: "untrusted", environments: [writable] };
    return { ...open, approvalPolicy: "untrusted", environments: [readOnly, writable] };
  }

  isHarmless(environmentId: string | null | undefined): boolean {
    return environmentId === READ_ONLY_ENVIRONMENT;
  }

  beforeTurn(): void {
    this.#certificates.refresh();
  }

  async afterTurn(): Promise<void> {
    await Promise.all([runAs("agent"), runAs("reader")]);
  }

  async afterCodex(): Promise<void> {
    await this.afterTurn();
  }
}

/** Codex's settings of the two environments: a `codex exec-server` each, by run-as, within the limits. */
export function environmentsToml({ codexPath, paths, memoryBytes }: Omit<UserJailOptions, "certificates">): string {
  const limits = [
    ...["prlimit", `--nproc=${MAX_PROCESSES}`, `--fsize=${MAX_FILE_BYTES}`, "--core=0"],
    ...[`--data=${Math.floor(memoryBytes * MEMORY_SHARE)}`, "--"],
    ...EXPENDABLE,
  ];
  const environments = Object.entries(USERS).map(([id, user]) => {
    const env = [
      `PATH=${PATH}`,
      `HOME=${paths.home}`,
      `CODEX_HOME=/var/lib/codex-${user}`,
      "TMPDIR=/tmp",
      "LANG=C.UTF-8",
      "SHELL=/bin/bash",
    ];
    const command = [...limits, "env", ...env, codexPath, "exec-server", "--listen", "stdio"];
    const args = [user, paths.workspace, ...command].map((arg) => JSON.stringify(arg));
    return `[[environments]]\nid = "${id}"\nprogram = "${RUN_AS}"\nargs = [${args.join(", ")}]\n`;
  });
  return [`default = "${READ_ONLY_ENVIRONMENT}"\n`, ...environments].join("\n");
}

/** The command that runs another one as the user who owns the agent's files; the end of a turn leaves it and its children alone. */
export function asAgent(cwd: string, ...command: string[]): string[] {
  return [RUN_AS, "--whole", "agent", cwd, ...command];
}

/** What the container may use of its machine's memory. */
export function availableMemoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Whether it ended well. Without a program: ends all that the user left running. Never rejects. */
function runAs(user: "agent" | "reader", ...command: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(RUN_AS, [user, ...command], { timeout: PROBE_TIMEOUT_MS }, (error) => resolve(error === null));
  });
}
