// A new ChatGPT login on this machine with a code that the user types into a browser on any machine.
import { setTimeout as sleep } from "node:timers/promises";
import { exchangeCode, type NewTokens, pollDeviceCode, startDeviceCode } from "../../lib/openai-auth.ts";

export interface DeviceLoginOptions {
  authUrl: string;
  clientId: string;
  show(line: string): void;
}

const LIFETIME_MS = 15 * 60_000;

/** Rejects with what to do where there is no login in time. */
export async function loginByDevice({ authUrl, clientId, show }: DeviceLoginOptions): Promise<NewTokens> {
  const device = await startDeviceCode(authUrl, clientId);
  show(deviceAdvice(`${authUrl}/codex/device`, device.user_code));
  for (const deadline = Date.now() + LIFETIME_MS; Date.now() < deadline; await sleep(device.interval_s * 1_000)) {
    const granted = await pollDeviceCode(authUrl, device);
    if (granted === null) continue;
    const tokens = await exchangeCode(authUrl, { ...granted, client_id: clientId });
    if (tokens !== null) return tokens;
    throw new Error("OpenAI refused the login. Start it again.");
  }
  throw new Error("Nobody typed the code in time. Start it again.");
}

export function deviceAdvice(url: string, userCode: string): string {
  return `Open ${url}\nand type this code: ${userCode}\nIt is good for 15 minutes. Type only codes that you asked for yourself.`;
}
