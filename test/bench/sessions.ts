// A page of `list_sessions` for somebody with very many agents, against somebody with few. The directory's own database is filled
// while its server is down.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DevServer, Scratch } from "../support/dev-server.ts";
import type { Bench } from "./bench.ts";
import { comparison, type Row } from "./report.ts";
import { timed } from "./statistics.ts";
import { type Stack, wholeStack } from "./whole-stack.ts";

const MANY = 10_000;
const FEW = 100;
const PAGE = 50;
const WARM_UP = 5;
/** A page takes a few milliseconds. */
const PAGES_PER_ROUND = 4;
const TARGET = { atMost: 1.3, max: 50, shows95: true };

export async function benchSessions({ model, rounds }: Bench): Promise<Row[]> {
  const many = await serverWith(MANY, model.url);
  const few = await serverWith(FEW, model.url);
  try {
    const samples = { many: [] as number[], few: [] as number[] };
    for (let round = -WARM_UP; round < rounds * PAGES_PER_ROUND; round++) {
      const [manyMs, fewMs] = [await page(many.stack, MANY), await page(few.stack, FEW)];
      if (round < 0) continue;
      samples.many.push(manyMs);
      samples.few.push(fewMs);
    }
    const what = `\`list_sessions\`, page of ${PAGE} out of ${MANY.toLocaleString("en")} agents, ms`;
    return [comparison(what, samples.many, `of ${FEW} agents`, samples.few, TARGET)];
  } finally {
    await many.end();
    await few.end();
  }
}

async function page(stack: Stack, total: number): Promise<number> {
  let answer: Record<string, unknown> = {};
  const ms = await timed(async () => {
    answer = await stack.call("list_sessions", { limit: PAGE });
  });
  const { sessions } = answer;
  if (answer.total === total && Array.isArray(sessions) && sessions.length === PAGE) return ms;
  throw new Error(`not a page of ${PAGE} out of ${total}: ${JSON.stringify(answer).slice(0, 500)}`);
}

async function serverWith(agents: number, modelUrl: string): Promise<{ stack: Stack; end(): Promise<void> }> {
  const scratch = new Scratch();
  const env = { OPENAI_BASE_URL: modelUrl, LOG_LEVEL: "WARN" };
  const first = await DevServer.start({ env, scratch });
  const caller = await wholeStack(first, "2026-07-28");
  await caller.call("list_sessions", {});
  await caller.close();
  await first.stop();
  fillDirectory(scratch, agents);
  const server = await DevServer.start({ env, scratch });
  const stack = await wholeStack(server, "2026-07-28");
  const end = async (): Promise<void> => {
    await stack.close();
    await server.stop();
    scratch.remove();
  };
  return { stack, end };
}

/** Of all directories, the caller's is the one that exists. */
function fillDirectory({ stateDir }: Scratch, agents: number): void {
  const objects = join(stateDir, "worker", "v3", "do");
  const directory = readdirSync(objects).find((name) => name.endsWith("-Directory")) ?? "";
  const files = readdirSync(join(objects, directory)).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  for (const file of files) {
    const database = new DatabaseSync(join(objects, directory, file));
    database.exec("BEGIN");
    const insert = database.prepare(
      `INSERT INTO agents (number, agent_id, session_id, status, container_id, created_at, last_active_at, turns, conversation_id)
       VALUES (1, ?, ?, 'sleeping', NULL, ?, ?, 3, 'conv_bench')`,
    );
    const now = Date.now();
    for (let each = 0; each < agents; each++) insert.run(`agent-${each}`, `session-${each}`, now - each, now - each);
    database.exec("COMMIT");
    database.close();
  }
}
