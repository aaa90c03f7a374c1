// When and where a run was made, and with what.
import { createRequire } from "node:module";
import { cpus, loadavg, totalmem } from "node:os";
import { binary } from "./direct-codex.ts";
import { PEERS } from "./peers.ts";

export function describeCircumstances(rounds: number, loadBefore: number): string {
  const require = createRequire(import.meta.url);
  const versionOf = (name: string): string => (require(`${name}/package.json`) as { version: string }).version;
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  const versions = [
    `Node ${process.versions.node}`,
    `Codex ${binary().version}`,
    `wrangler ${versionOf("wrangler")}`,
    ...PEERS.map(({ package: name, version }) => `${name} ${version}`),
  ];
  return [
    `${new Date().toISOString().slice(0, 10)}; ${cpus().length} × ${cpus()[0]?.model.trim()}, ${memory}; ${versions.join(", ")}.`,
    `${rounds} rounds, both sides of a row by turns: median (10th–90th percentile).`,
    `Load average of the machine ${loadBefore.toFixed(1)} before the run, ${(loadavg()[0] ?? 0).toFixed(1)} after it.`,
  ].join(" ");
}
