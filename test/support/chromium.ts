// The real Chromium, where there is one.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

const CANDIDATES = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
export const NO_CHROMIUM =
  "No Chromium was found. Install it (Debian: apt-get install chromium), or set CHROMIUM to its path.";

/** In a container it runs as root, where its own sandbox does not work. Nothing but our own pages is opened. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

const executablePath = CANDIDATES.find((path) => path !== undefined && existsSync(path));

export const hasChromium = executablePath !== undefined;

/** Throws where there is no Chromium. */
export function launchChromium(): Promise<Browser> {
  if (executablePath === undefined) throw new Error(NO_CHROMIUM);
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

/** For people to look at, in light and dark: only where SCREENSHOTS names a directory. */
export async function photograph(page: Page, name: string): Promise<void> {
  const directory = process.env.SCREENSHOTS;
  if (directory === undefined) return;
  mkdirSync(directory, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(directory, `${name}-${colorScheme}.png`), fullPage: true });
  }
}

/** What is wrong with the page for those who see little, or hear it read out. */
export async function flawsOf(page: Page): Promise<unknown> {
  return await page.evaluate(readFileSync(join(import.meta.dirname, "page-flaws.js"), "utf8"));
}
