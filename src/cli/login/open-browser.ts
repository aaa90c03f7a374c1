// Opens a page in the user's browser, where there is one.
import { spawn } from "node:child_process";

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ["open"],
  // Not `start`: it is part of a shell, which would read the `&` of the URL.
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** A machine without a browser is no error: the user has the URL. */
export function openBrowser(url: string): void {
  const [command, ...args] = OPENERS[process.platform] ?? ["xdg-open"];
  const child = spawn(command, [...args, url], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}
