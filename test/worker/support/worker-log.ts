// The Worker's log, kept instead of printed: tests share its isolate, and hundreds of lines would bury a failure.
const print = console.log;
const lines: string[] = [];

/** From now on. Anything that is not a line of the log is printed as ever. */
export function keepWorkerLog(): void {
  console.log = (...values: unknown[]) => {
    const [line] = values;
    if (typeof line === "string" && line.startsWith('{"at":')) lines.push(line);
    else print(...values);
  };
}

/** Everything logged in this test file so far. */
export function workerLog(): readonly string[] {
  return lines;
}

/** The lines above number `from`. */
export function printWorkerLog(from: number): void {
  for (const line of lines.slice(from)) print(line);
}
