// What of wrangler's output a developer gets to see. Until the Worker is up: nothing, unless there is trouble, and then all
// of it. After that: everything but the line that wrangler writes for a request that was answered well, or with 405: so clients
// of 2025 learn that there is no stream to listen to.

/** A warning or error of wrangler, of esbuild's formatting or of a program that wrangler runs. */
const TROUBLE = /\[wrangler:(?:warn|error)\]|[▲✘]|\berror\b/i;
/** True, and nothing to mend: the daily clean-up has nothing to do on a developer's machine. */
const HARMLESS = /Scheduled Workers are not automatically triggered/;
const ANSWERED = /^\[wrangler:info\] [A-Z]+ \S+ (?:[123]\d\d|405) .*\(\d+ms\)$/;

export class WranglerOutput {
  readonly #print: (line: string) => void;
  readonly #isVerbose: boolean;
  #held: string[] | undefined = [];

  /** With `isVerbose` nothing is left out. */
  constructor(print: (line: string) => void, isVerbose: boolean) {
    this.#print = print;
    this.#isVerbose = isVerbose;
  }

  add(line: string): void {
    if (this.#isVerbose || isOurs(line)) {
      this.#print(line);
    } else if (this.#held === undefined) {
      if (!ANSWERED.test(line)) this.#print(line);
    } else {
      this.#held.push(line);
      if (TROUBLE.test(line) && !HARMLESS.test(line)) this.showAll();
    }
  }

  /** Prints what was held back; nothing is held back any more. */
  showAll(): void {
    for (const line of this.#held ?? []) this.#print(line);
    this.#held = undefined;
  }

  /** The Worker is up: what was held back was of no importance. */
  forget(): void {
    this.#held = undefined;
  }
}

/** A JSON line of the Worker's own log. */
function isOurs(line: string): boolean {
  return line.startsWith("{");
}
