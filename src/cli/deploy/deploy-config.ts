// The parts of wrangler.jsonc that a deployment looks at or changes.
import { readFileSync } from "node:fs";
import * as z from "zod";

export const DeployConfig = z.looseObject({
  name: z.string(),
  vars: z.record(z.string(), z.unknown()).optional(),
  /** One without a name is made by wrangler at the first deploy, and stays bound. */
  r2_buckets: z.array(z.looseObject({ bucket_name: z.string().optional() })).default([]),
  containers: z.array(z.looseObject({})).min(1),
});
export type DeployConfig = z.infer<typeof DeployConfig>;

/** Comments stand on lines of their own in the file. */
export function readDeployConfig(path: string): DeployConfig {
  return DeployConfig.parse(JSON.parse(readFileSync(path, "utf8").replace(/^\s*\/\/.*$/gm, "")));
}
