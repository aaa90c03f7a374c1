// `npm run test:load`: the loads in their full size, against the whole stack with the real Codex and a model that answers at once.
// Prints one report in Markdown; `npm run test:load -- agents large-turn` runs only those. Linux only. Takes about 15 minutes.
import { execFile } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findCodexBinary } from "../../container/runner/codex/binary.ts";
import { DevServer } from "../support/dev-server.ts";
import { startFakeModel } from "../support/fake-model/fake-model.ts";
import { type MemoryUse, PARTS } from "../support/memory.ts";
import { loadAgents } from "./agents.ts";
import { loadDirectory } from "./directory.ts";
import { loadLargeTurn } from "./large-turn.ts";
import { loadSignIns } from "./sign-ins.ts";
import { loadWatchers } from "./watchers.ts";

const ROOT = join(import.meta.dirname, "../..");
const PASSWORD = "the password of the load";
const AGENTS_IN_ALL = 10_000;

const model = await startFakeModel();
const env = { OPENAI_BASE_URL: model.url, LOG_LEVEL: "ERROR", MAX_CONCURRENT_SESSIONS: "4", OWNER_PASSWORD: PASSWORD };

const LOADS: Record<string, () => Promise<string>> = {
  agents: () => onServer(agents),
  watchers: () => onServer(watchers),
  "large-turn": () => onServer(largeTurn),
  directory,
  "sign-ins": () => onServer(signIns),
  simulation,
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !(name in LOADS));
if (unknown !== undefined) throw new Error(`There is no load ${unknown}. Known: ${Object.keys(LOADS).join(", ")}.`);

const machine = `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
console.log(`${machine}, Node ${process.version}, Codex ${findCodexBinary()?.version}\n`);
try {
  for (const [name, load] of Object.entries(LOADS)) {
    if (wanted.length === 0 || wanted.includes(name)) console.log(`## ${name}\n\n${await load()}\n`);
  }
} finally {
  await model.close();
}

async function onServer(load: (server: DevServer) => Promise<string>): Promise<string> {
  const server = await DevServer.start({ env });
  try {
    return await load(server);
  } finally {
    await server.stop();
  }
}

async function agents(server: DevServer): Promise<string> {
  const report = await loadAgents(server, { agents: 50, turns: 3, modelMs: 300, retryMs: 7_000 });
  const { completed, others, refusals, outOfOrder } = report;
  return [
    `50 agents with 3 turns each, 4 containers: ${completed} turns completed in ${seconds(report.durationMs)}, ${others.length} did not (${others.join(", ")}).`,
    `${Math.round(report.turnsPerMinute)} turns a minute; ${refusals} calls refused as busy; ${outOfOrder} agents out of order; at most ${report.memory.runners} runners at once.`,
    `Until an agent's first turn was accepted: p50 ${seconds(report.p50)}, p95 ${seconds(report.p95)}, longest ${seconds(report.longest)}.`,
    memoryTable(report.memory),
  ].join("\n\n");
}

async function watchers(server: DevServer): Promise<string> {
  const report = await loadWatchers(server, { rest: 400, mcp: 100, lines: 500, gatherMs: 8_000 });
  const { seen, lagMs } = report;
  return [
    `500 watchers of one turn with 500 lines: ${report.completed} got its result, ${report.others.length} did not. ${seconds(report.durationMs)}.`,
    `Of 501 lines the 100 who show progress saw ${seen.least} to ${seen.most}. After the first answer, the others came within p50 ${Math.round(lagMs.p50)} ms, p95 ${Math.round(lagMs.p95)} ms; one who reads only at the end: ${report.slow}.`,
    memoryTable(report.memory),
  ].join("\n\n");
}

async function largeTurn(server: DevServer): Promise<string> {
  const report = await loadLargeTurn(server, { agent_id: "large", megabytes: 50, lines: 19_900 });
  return [
    `${report.events} events, 50 MB of output: ${report.status} in ${seconds(report.durationMs)}.`,
    `The agent's database grew by ${report.databaseMb.toFixed(0)} MB. get_turn ${Math.round(report.getTurnMs)} ms; a page of read_turn ≤ ${Math.round(report.readPageMs)} ms, ${report.pages} pages of transcript. The next turn: ${report.next}.`,
    memoryTable(report.memory),
  ].join("\n\n");
}

async function directory(): Promise<string> {
  const report = await loadDirectory(AGENTS_IN_ALL, env);
  return [
    `${report.seen} of ${report.agents} agents listed, ${report.pages} pages of 50: ${report.firstMs.toFixed(1)} ms a page in the first quarter, ${report.lastMs.toFixed(1)} ms in the last.`,
    memoryTable(report.memory),
  ].join("\n\n");
}

async function signIns(server: DevServer): Promise<string> {
  const report = await loadSignIns(server, { password: PASSWORD, signIns: 1_000, grants: 200, atOnce: 8 });
  return [
    `1 000 sign-ins, 200 of them on to a client's token: ${report.failures.length} failed; ${report.perSecond.toFixed(1)} a second, p50 ${Math.round(report.p50)} ms, p95 ${Math.round(report.p95)} ms.`,
    `Left: ${report.sessions} browser sessions, ${report.attempts} attempts, ${report.records} records of OAuth (${report.recordsEarly} after a tenth).`,
    memoryTable(report.memory),
  ].join("\n\n");
}

/** In the test pool's workerd: see test/worker/scale.test.ts. */
async function simulation(): Promise<string> {
  const parameters = ["vitest", "run", "--project", "worker", "test/worker/scale.test.ts"];
  const options = { cwd: ROOT, env: { ...process.env, SIMULATED_AGENTS: String(AGENTS_IN_ALL) }, maxBuffer: 2 ** 28 };
  const { stdout } = await promisify(execFile)("npx", parameters, options);
  const [, json = "{}"] = /SIMULATION (\{.*\})/.exec(stdout) ?? [];
  return `\`\`\`json\n${JSON.stringify(JSON.parse(json), null, 2)}\n\`\`\``;
}

function memoryTable({ before, peak, after }: MemoryUse): string {
  const rows = PARTS.map((part) => `| ${part} | ${before[part]} | ${peak[part]} | ${after[part]} |`);
  return ["| MiB RSS | before | peak | after |", "|---|---|---|---|", ...rows].join("\n");
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
