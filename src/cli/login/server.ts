// The server that gets the login, by its routes of src/rest/credentials.ts.
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { deviceAdvice } from "./device-login.ts";

const TIMEOUT_MS = 60_000;

const Failure = z.object({ error: z.object({ message: z.string() }) });
const Device = z.object({ user_code: z.string(), verification_url: z.string(), interval_s: z.number() });
const Poll = z.object({ status: z.enum(["pending", "connected", "expired", "failed"]) });

export class Server {
  readonly #url: URL;
  readonly #token: string;

  constructor(url: URL, token: string) {
    this.#url = url;
    this.#token = token;
  }

  async sendAuthJson(authJson: object): Promise<void> {
    await this.#post("chatgpt", authJson);
  }

  async sendApiKey(api_key: string): Promise<void> {
    await this.#post("api-key", { api_key });
  }

  /** The server makes the login itself: this machine sees no token of it. */
  async loginByDevice(show: (line: string) => void): Promise<void> {
    const { user_code, verification_url, interval_s } = Device.parse(await this.#post("chatgpt/device", {}));
    show(deviceAdvice(verification_url, user_code));
    for (;;) {
      await sleep(interval_s * 1_000);
      const { status } = Poll.parse(await this.#post("chatgpt/device/poll", {}));
      if (status === "connected") return;
      if (status !== "pending")
        throw new Error(`The login ${status === "expired" ? "was not made in time" : "failed"}. Start it again.`);
    }
  }

  async #post(path: string, body: object): Promise<unknown> {
    const url = new URL(`account/credentials/${path}`, this.#url.href.endsWith("/") ? this.#url : `${this.#url}/`);
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      // A login is for this server and no other one.
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((cause: unknown) => {
      throw new Error(`${this.#url.origin} cannot be reached, or leads elsewhere. Check the URL.`, { cause });
    });
    const json: unknown = await response.json().catch(() => undefined);
    if (response.ok) return json;
    const said = Failure.safeParse(json).data?.error.message ?? "It says nothing more.";
    throw new Error(`${this.#url.origin} answers ${response.status}. ${said}`);
  }
}
