// `npm run bench`: prints one Markdown table. Both sides of a row are measured in one run, interleaved. `ROUNDS` sets how many
// rounds (default 40). Needs Linux for the memory rows.
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { findCodexBinary } from "../../container/runner/codex/binary.ts";
import { DevServer } from "../support/dev-server.ts";
import { startFakeModel } from "../support/fake-model/fake-model.ts";
import { commandLine } from "../support/processes.ts";
import { countToolTokens } from "../support/tool-tokens.ts";

import { benchCheckpoints } from "./checkpoints.ts";
import { median, summary } from "./statistics.ts";
import { benchTurns } from "./turns.ts";

const ROUNDS = Number(process.env.ROUNDS ?? 40);
const TURN_RATIO = 1.5;
const RUNNER_MIB = 60;
const RESTORE_RATIO = 1.3;
const DELTA_SHARE = { bytes: 0.02, time: 0.15 };
/** Each takes seconds. */
const FILE_ROUNDS = Math.min(ROUNDS, 10);
const DEFINITION_TOKENS = 6_000;

const model = await startFakeModel();
const server = await DevServer.start({ env: { OPENAI_BASE_URL: model.url, LOG_LEVEL: "WARN" } });
try {
  const { direct, modern, session } = await benchTurns(model.url, server, ROUNDS);
  const rss = server
    .processes()
    .filter((pid) => commandLine(pid).includes("runner.cjs"))
    .map(residentMib);
  const machine = `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, Codex ${findCodexBinary()?.version}`;
  console.log(`${ROUNDS} rounds, ms: median (10th–90th percentile). ${machine}\n`);
  console.log("| what | app-server alone | whole stack | ratio | target |");
  console.log("|---|---|---|---|---|");
  console.log(row("follow-up turn, client of 2026-07-28", direct.followUp, modern.followUp));
  console.log(row("follow-up turn, session of 2025-11-25", direct.followUp, session.followUp));
  console.log(row("new conversation, client of 2026-07-28", direct.fresh, modern.fresh));
  console.log(row("new conversation, session of 2025-11-25", direct.fresh, session.fresh));
  const tokens = [...(await countToolTokens(server)).values()].reduce((sum, count) => sum + count, 0);
  console.log(`| tool definitions, tokens | – | ${tokens} | – | ≤ ${DEFINITION_TOKENS} |`);
  console.log(`| runner memory, MiB RSS | – | ${Math.max(...rss).toFixed(0)} | – | ≤ ${RUNNER_MIB} |`);
  const files = await benchCheckpoints(model.url, server, FILE_ROUNDS);
  const [time, bytes] = [median(files.delta) / median(files.full), files.deltaBytes / files.fullBytes].map(percent);
  console.log(`\n${FILE_ROUNDS} rounds, ms; 20 000 files of 500 MB in all.\n`);
  console.log("| what | without it | with checkpoints | ratio | target |");
  console.log("|---|---|---|---|---|");
  console.log(
    `| one changed file, time: tar, checkpoint | ${summary(files.full)} | ${summary(files.delta)} | ${time} | ≤ ${percent(DELTA_SHARE.time)} |`,
  );
  console.log(
    `| one changed file, bytes: tar, checkpoint | ${files.fullBytes} | ${files.deltaBytes} | ${bytes} | ≤ ${percent(DELTA_SHARE.bytes)} |`,
  );
  const restoreRatio = (median(files.restored) / median(files.parts)).toFixed(2);
  console.log(
    `| first answer after the disk is lost: sum of its parts, agent | ${summary(files.parts)} | ${summary(files.restored)} | ${restoreRatio} | ≤ ${RESTORE_RATIO} |`,
  );
} finally {
  await server.stop();
  await model.close();
}

function row(what: string, direct: readonly number[], stack: readonly number[]): string {
  const ratio = (median(stack) / median(direct)).toFixed(2);
  return `| ${what} | ${summary(direct)} | ${summary(stack)} | ${ratio} | ≤ ${TURN_RATIO} |`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function residentMib(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
}
