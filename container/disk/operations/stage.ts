// Makes the place empty where a restored disk is put together, whatever is there.
import { mkdirSync } from "node:fs";
import * as z from "zod";
import { ROOTS } from "../paths.ts";
import { emptyDirectory } from "../remove.ts";

export const Stage = {
  name: "stage",
  request: z.object({ directory: z.string() }),
  result: z.object({}),
};

/** The directory itself is made where it is missing; what it is in is nothing that a turn can write to. */
export async function stage({ directory }: z.infer<typeof Stage.request>): Promise<z.infer<typeof Stage.result>> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  emptyDirectory(directory, ".");
  for (const root of ROOTS) mkdirSync(`${directory}/${root}`, { mode: 0o700 });
  return {};
}
