// Codex names files by absolute paths of its machine; callers know the workspace only.
import { relative, sep } from "node:path";

/** `src/a.ts` for a path inside the workspace, `.` for the workspace itself; any other path as it is. */
export function workspacePath(workspace: string, path: string): string {
  const inside = relative(workspace, path);
  if (inside === "") return ".";
  return inside === ".." || inside.startsWith(`..${sep}`) ? path : inside.replaceAll(sep, "/");
}
