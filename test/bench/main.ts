// `npm run bench`: every number that this project wants to be judged by, each against what it is compared with, in one run. Prints a
// Markdown table; a run of all rows also puts it into the README. Needs Linux.
import { readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { DevServer } from "../support/dev-server.ts";
import { startFakeModel } from "../support/fake-model/fake-model.ts";
import type { Part } from "./bench.ts";
import { benchCheckpoints } from "./checkpoints.ts";
import { describeCircumstances } from "./circumstances.ts";
import { benchMemory } from "./memory.ts";
import { readOptions } from "./options.ts";
import { benchParallel } from "./parallel.ts";
import { putBetweenMarks, type Row, toTable } from "./report.ts";
import { benchSessions } from "./sessions.ts";
import { benchTurns } from "./turns.ts";

const PARTS = {
  turns: benchTurns,
  parallel: benchParallel,
  checkpoints: benchCheckpoints,
  memory: benchMemory,
  sessions: benchSessions,
} satisfies Record<string, Part>;
type PartName = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as PartName[]; // the keys of PARTS
const README = join(import.meta.dirname, "../../README.md");

const { rounds, parts } = readOptions(process.argv.slice(2), process.env, NAMES);
const loadBefore = loadavg()[0] ?? 0;
const rows: Row[] = [];
const remarks: string[] = [];
for (const name of parts) {
  // A server of its own: what one part has started does not weigh on the next.
  const model = await startFakeModel();
  const server = await DevServer.start({ env: { OPENAI_BASE_URL: model.url, LOG_LEVEL: "WARN" } });
  try {
    process.stderr.write(`${name} …\n`);
    rows.push(...(await PARTS[name]({ model, server, rounds, remark: (text) => remarks.push(text) })));
  } finally {
    await server.stop();
    await model.close();
  }
}
const report = [describeCircumstances(rounds, loadBefore), toTable(rows), ...remarks].join("\n\n");
console.log(report);
if (parts.length === NAMES.length) writeFileSync(README, putBetweenMarks(readFileSync(README, "utf8"), report));
