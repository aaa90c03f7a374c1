// One changed file, as a tool's answer tells it.
import * as z from "zod";

export const CodeChange = z.object({
  file: z.string(),
  action: z.enum(["create", "modify", "delete"]),
  diff: z.string(),
  explanation: z.string(),
  line_numbers: z.string().optional(),
});
export type CodeChange = z.infer<typeof CodeChange>;
