// The wrangler of this project as a program: what it is told, and what it answers.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";

export interface Answer {
  code: number;
  stdout: string;
}

export interface WranglerCall {
  args: readonly string[];
  /** For what must not show on a command line. */
  stdin?: string;
  /** Whether people see what it prints, and can answer what it asks. */
  isShown?: boolean;
}

export type Wrangler = (call: WranglerCall) => Promise<Answer>;

/** The project's own, in its directory. */
export function wranglerIn(root: string): Wrangler {
  return async ({ args, stdin = "", isShown = false }) => {
    const child = spawn(process.execPath, [join(root, "node_modules/wrangler/bin/wrangler.js"), ...args], {
      cwd: root,
      stdio: isShown ? "inherit" : ["pipe", "pipe", "ignore"],
    });
    const exited = once(child, "exit");
    child.stdin?.end(stdin);
    const stdout = child.stdout === null ? "" : await text(child.stdout);
    const [code] = await exited;
    return { code: typeof code === "number" ? code : 1, stdout };
  };
}
