// How a run of the bench is asked for: `npm run bench -- --rounds 20 --rows turns,memory`, or the same by ROUNDS and ROWS.
import { parseArgs } from "node:util";

export interface BenchOptions<Name extends string> {
  rounds: number;
  parts: readonly Name[];
}

const DEFAULT_ROUNDS = "30";

/** Throws, with what is allowed, for what it does not understand. */
export function readOptions<Name extends string>(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  names: readonly Name[],
): BenchOptions<Name> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: env.ROUNDS ?? DEFAULT_ROUNDS },
      rows: { type: "string", default: env.ROWS ?? names.join(",") },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`rounds: ${values.rounds} is not a number above 0.`);
  const wanted = values.rows.split(",").map((name) => name.trim());
  const unknown = wanted.filter((name) => !names.some((known) => known === name));
  if (unknown.length > 0) throw new Error(`rows: ${unknown.join(", ")} is unknown. There are: ${names.join(", ")}.`);
  return { rounds, parts: names.filter((name) => wanted.includes(name)) };
}
