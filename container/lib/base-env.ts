// What of an environment every program needs, and nothing that could be a secret.
const NAMES = ["PATH", "LANG", "LC_ALL", "TZ", "SHELL", "USER", "TMPDIR", "SSL_CERT_FILE", "SystemRoot", "ComSpec"];

/** Those variables of `env`, and `more`, as far as they are set. */
export function baseEnv(env: NodeJS.ProcessEnv, ...more: string[]): Record<string, string> {
  return pickEnv(env, [...NAMES, ...more]);
}

/** Those of `names` that are set. */
export function pickEnv(env: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  const entries = names.map((name) => [name, env[name]] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
