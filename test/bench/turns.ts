// Follow-up turns and new conversations: the whole stack against one warm app-server, `codex exec` and the peers, with the same
// prompt, interleaved so that all see the same machine.
import type { Bench } from "./bench.ts";
import { codexExec } from "./codex-exec.ts";
import { binary, directCodex } from "./direct-codex.ts";
import { PEERS, startPeer } from "./peers.ts";
import { comparison, leftOut, type Row } from "./report.ts";
import { type Measured, measure, type Side } from "./side.ts";
import { median, quantile, timed } from "./statistics.ts";
import { stackSide, wholeStack } from "./whole-stack.ts";

interface Samples {
  followUp: Measured[];
  fresh: Measured[];
}

const WARM_UP = 3;
const TO_FLOOR = { atMost: 1.5 };
const TO_PEERS = { fasterThan: 3 };
const FLOOR = "app-server alone";
const MODERN = "client of 2026-07-28";
const SESSION = "session of 2025-11-25";

export async function benchTurns(bench: Bench): Promise<Row[]> {
  const sides = new Map<string, Side>();
  const missing = new Map<string, string>();
  try {
    sides.set(FLOOR, await directCodex(bench.model.url));
    sides.set(MODERN, stackSide(await wholeStack(bench.server, "2026-07-28"), "bench-modern"));
    sides.set(SESSION, stackSide(await wholeStack(bench.server, "2025-11-25"), "bench-session"));
    sides.set(`codex exec ${binary().version}`, await codexExec(bench.model.url));
    await addPeers(bench, sides, missing);
    const samples = await interleave(bench, sides);
    await remarkOnTurns(bench, samples);
    return [
      ...rows("follow-up turn", "followUp", samples, missing),
      ...rows("new conversation", "fresh", samples, missing),
    ];
  } finally {
    for (const side of sides.values()) await side.close();
  }
}

/** One that cannot be had is left out, and the table says so. */
async function addPeers({ model }: Bench, sides: Map<string, Side>, missing: Map<string, string>): Promise<void> {
  const used = model.requests.at(-1)?.model ?? "";
  for (const peer of PEERS) {
    const name = `${peer.package} ${peer.version}`;
    try {
      sides.set(name, await startPeer(peer, model.url, used));
    } catch (error) {
      missing.set(name, error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
    }
  }
}

async function interleave({ model, rounds }: Bench, sides: ReadonlyMap<string, Side>): Promise<Map<string, Samples>> {
  const samples = new Map([...sides.keys()].map((name) => [name, { followUp: [], fresh: [] } as Samples]));
  const earlier = new Map<string, string>();
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const [name, side] of sides) {
      const followUp = await measure(model, side.hasSchema, side.followUp, earlier.get(name));
      earlier.set(name, followUp.tag);
      const fresh = await measure(model, side.hasSchema, side.fresh);
      if (round < 0) continue;
      samples.get(name)?.followUp.push(followUp);
      samples.get(name)?.fresh.push(fresh);
    }
  }
  return samples;
}

function rows(
  what: string,
  kind: keyof Samples,
  samples: ReadonlyMap<string, Samples>,
  missing: ReadonlyMap<string, string>,
): Row[] {
  const of = (name: string): number[] => (samples.get(name)?.[kind] ?? []).map(({ ms }) => ms);
  const peers = [...samples.keys()].filter((name) => ![FLOOR, MODERN, SESSION].includes(name));
  const target = kind === "followUp" ? TO_PEERS : {};
  return [
    ...[MODERN, SESSION].map((name) => comparison(`${what}, ms (${name})`, of(name), FLOOR, of(FLOOR), TO_FLOOR)),
    ...peers.map((name) => comparison(`${what}, ms (${MODERN})`, of(MODERN), name, of(name), target)),
    ...[...missing].map(([name, reason]) => leftOut(`${what}, ms`, name, reason)),
  ];
}

/** Where the time goes beside Codex: on the way to the model's request, and on the way back from it. */
async function remarkOnTurns({ server, remark }: Bench, samples: ReadonlyMap<string, Samples>): Promise<void> {
  const parts = (name: string): string => {
    const turns = samples.get(name)?.followUp ?? [];
    const before = median(turns.map(({ toModelMs }) => toModelMs));
    return `${before.toFixed(0)} + ${median(turns.map(({ ms, toModelMs }) => ms - toModelMs)).toFixed(0)} ms`;
  };
  const hops: number[] = [];
  for (let each = 0; each < 50; each++) {
    hops.push(await timed(async () => (await fetch(`${server.url}/health`)).text()));
  }
  remark(
    `A follow-up turn up to the model's request, and from there to the answer: ${FLOOR} ${parts(FLOOR)}; ${MODERN} ${parts(MODERN)}; ${SESSION} ${parts(SESSION)}. ` +
      `A request that does nothing takes ${quantile(hops, 0.5).toFixed(1)} ms through the local \`wrangler dev\`, whose proxy stands before the Worker; a turn goes through it twice, once from the client and once from Codex to the model gateway. A deployment does not have it.`,
  );
}
