// `npm run hash-password`: what to set as OWNER_PASSWORD, so that the password itself is stored nowhere. Asks at a terminal
// without showing what is typed; else reads one line of the input.
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { hashPassword, MIN_PASSWORD_CHARS } from "../../lib/password-hash.ts";

const password = await readPassword();
if (password.length < MIN_PASSWORD_CHARS) {
  process.stderr.write(`The password must have at least ${MIN_PASSWORD_CHARS} characters.\n`);
  process.exit(1);
}
process.stdout.write(`${hashPassword(password)}\n`);

async function readPassword(): Promise<string> {
  const { stdin, stderr } = process;
  const isTerminal = stdin.isTTY === true;
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: silent, terminal: isTerminal });
  if (isTerminal) stderr.write("Password: ");
  const [line] = await Promise.race([once(lines, "line"), once(lines, "close").then(() => [""])]);
  lines.close();
  if (isTerminal) stderr.write("\n");
  return String(line);
}
