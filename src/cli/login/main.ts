// `npm run login`: gives a server the ChatGPT login of this machine, or makes one.
import { existsSync, readFileSync } from "node:fs";
import { type AuthFile, readAuthFile } from "../../lib/auth-file.ts";
import { authFilePath } from "../auth-file-path.ts";
import { type AuthJson, toAuthJson, writeAuthJson } from "./auth-json.ts";
import { loginInBrowser } from "./browser-login.ts";
import { loginByDevice } from "./device-login.ts";
import { openBrowser } from "./open-browser.ts";
import { Server } from "./server.ts";
import { type Arguments, type LoginSettings, readArguments, readLoginSettings, USAGE } from "./settings.ts";

async function main(): Promise<void> {
  const args = readArguments(process.argv.slice(2));
  if (args === null) return print(USAGE);
  const settings = readLoginSettings(process.cwd(), process.env);
  const path = args.file ?? authFilePath(settings, process.env);
  if (args.server === undefined) return loginHere(args, settings, path);
  const token = settings.SERVER_TOKEN ?? settings.DEV_TOKEN;
  if (token === undefined) {
    throw new Error(
      "Set SERVER_TOKEN to a bearer token of the server with the scope codex:admin. Its account page makes one.",
    );
  }
  await loginThere(args, settings, { path, server: new Server(args.server, token), origin: args.server.origin });
}

/** The login stays on this machine. */
async function loginHere({ from, file }: Arguments, settings: LoginSettings, path: string): Promise<void> {
  if (from === "found" && existsSync(path)) {
    readFile(path);
    return print(
      `There is a login in ${path} already. \`npm run dev\` uses it. To make a new one: --browser or --device.`,
    );
  }
  if (file !== undefined) throw new Error(`There is no ${path}.`);
  writeAuthJson(path, await makeLogin(from, settings));
  print(`Logged in. ${path} holds the login; Codex and \`npm run dev\` on this machine share it.`);
}

async function loginThere(
  { from, file }: Arguments,
  settings: LoginSettings,
  { path, server, origin }: { path: string; server: Server; origin: string },
): Promise<void> {
  if (from === "device") {
    await server.loginByDevice(print);
    return print(`Connected. ${origin} has a login of its own; nothing of it is on this machine.`);
  }
  if (from === "browser" || (file === undefined && !existsSync(path))) {
    await server.sendAuthJson(await makeLogin("browser", settings));
    return print(`Connected. ${origin} has a login of its own; nothing of it is kept on this machine.`);
  }
  const found = readFile(path);
  if (found.content.method === "api_key") {
    await server.sendApiKey(found.content.api_key);
    return print(`Connected. ${origin} uses the API key from ${path}.`);
  }
  await server.sendAuthJson(found.json);
  print(sharedLoginWarning(path, origin));
}

function makeLogin(from: Arguments["from"], settings: LoginSettings): Promise<AuthJson> {
  const { OPENAI_AUTH_URL: authUrl, OAUTH_CLIENT_ID: clientId } = settings;
  const issuer = { client_id: clientId, issuer: authUrl };
  if (from === "device")
    return loginByDevice({ authUrl, clientId, show: print }).then((tokens) => toAuthJson(tokens, issuer));
  return loginInBrowser({
    authUrl,
    clientId,
    port: settings.OAUTH_CALLBACK_PORT,
    timeoutMs: settings.OAUTH_CALLBACK_TIMEOUT * 1_000,
    open: (url) => {
      print(`Log in with ChatGPT in your browser:\n${url}`);
      print(
        "If the page refuses the address to come back to: OAUTH_CALLBACK_PORT=1455, as Codex itself has it, or --device.",
      );
      if (settings.OAUTH_AUTO_OPEN_BROWSER) openBrowser(url);
    },
  }).then((tokens) => toAuthJson(tokens, issuer));
}

/** Throws an `Error` that names the file. */
function readFile(path: string): { content: AuthFile; json: AuthJson } {
  try {
    const text = readFileSync(path, "utf8");
    return { content: readAuthFile(text), json: JSON.parse(text) };
  } catch (cause) {
    const reason =
      cause instanceof Error && !("code" in cause && cause.code === "ENOENT") ? cause.message : "It is not there.";
    throw new Error(`${path}: ${reason}`, { cause });
  }
}

/** Each refresh token works once, so of two holders one is soon out. */
function sharedLoginWarning(path: string, origin: string): string {
  return [
    `Connected. ${origin} holds the login of ${path} from now on, and renews it.`,
    "",
    `  Do not use ${path} any more: whichever of the two renews the login first ends it for the other.`,
    "  Delete the file, and if you want Codex on this machine as well, run `codex login`: that makes a login of its own.",
    "  Do not run `codex logout` with this file: it may end the login for the server, too.",
  ].join("\n");
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
