// Thousands of agents in one user's directory. They are written into its database, as their reports would have: to run a turn for
// each of them would take hours and show nothing more. Then a real server walks through all of them.
import { DatabaseSync } from "node:sqlite";
import { quantile } from "../bench/statistics.ts";
import { DevServer, Scratch } from "../support/dev-server.ts";
import { type MemoryUse, withMemory } from "../support/memory.ts";
import { restOf } from "./rest.ts";
import { databasesOf } from "./state.ts";

export interface DirectoryReport {
  agents: number;
  seen: number;
  pages: number;
  /** Of a page in the first and in the last quarter of the walk, in ms. */
  firstMs: number;
  lastMs: number;
  memory: MemoryUse;
}

const PAGE = 50;
const WALKS = 3;

export async function loadDirectory(agents: number, env: Record<string, string>): Promise<DirectoryReport> {
  const scratch = new Scratch();
  try {
    const first = await DevServer.start({ scratch, env });
    await restOf(first)("list_sessions", {});
    await first.stop();
    for (const file of databasesOf(scratch.stateDir, "Directory")) addAgents(file, agents);
    const server = await DevServer.start({ scratch, env });
    try {
      return { agents, ...(await walk(server)) };
    } finally {
      await server.stop();
    }
  } finally {
    scratch.remove();
  }
}

async function walk(server: DevServer): Promise<Omit<DirectoryReport, "agents">> {
  const call = restOf(server);
  const times: number[][] = [];
  const seen = new Set<unknown>();
  const { memory } = await withMemory(server, async () => {
    for (let n = 0; n < WALKS; n++) {
      let cursor: unknown;
      const ofWalk: number[] = [];
      do {
        const startedAt = performance.now();
        const page: Record<string, unknown> = await call("list_sessions", {
          limit: PAGE,
          ...(cursor ? { cursor } : {}),
        });
        ofWalk.push(performance.now() - startedAt);
        if (!Array.isArray(page.sessions)) throw new Error(`no page: ${JSON.stringify(page)}`);
        for (const { agent_id } of page.sessions) seen.add(agent_id);
        cursor = page.next_cursor;
      } while (cursor !== undefined);
      times.push(ofWalk);
    }
  });
  const pages = times[0]?.length ?? 0;
  const quarter = Math.ceil(pages / 4);
  return {
    seen: seen.size,
    pages,
    firstMs: quantile(
      times.flatMap((walk) => walk.slice(0, quarter)),
      0.5,
    ),
    lastMs: quantile(
      times.flatMap((walk) => walk.slice(-quarter)),
      0.5,
    ),
    memory,
  };
}

function addAgents(file: string, count: number): void {
  const database = new DatabaseSync(file);
  const insert = database.prepare(
    "INSERT INTO agents (agent_id, number, session_id, status, created_at, last_active_at, turns) VALUES (?, 1, ?, 'sleeping', 1, ?, 1)",
  );
  database.exec("BEGIN");
  for (let n = 0; n < count; n++) insert.run(`agent-${n}`, n.toString(16).padStart(16, "0"), n + 1);
  database.exec("COMMIT");
  database.close();
}
