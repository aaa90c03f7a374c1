// The fake accounts as a server of their own, for tests in Node.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeAccounts } from "./fake-accounts.ts";

export interface StartedAccounts {
  accounts: FakeAccounts;
  /** OPENAI_AUTH_URL. */
  authUrl: string;
  /** CHATGPT_BASE_URL. */
  chatGptUrl: string;
  close(): void;
}

export async function startFakeAccounts(): Promise<StartedAccounts> {
  const accounts = new FakeAccounts();
  const server = createServer((request, response) => void accounts.serve(request.url ?? "", request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server that listens has one
  return {
    accounts,
    authUrl: `${url}/auth`,
    chatGptUrl: `${url}/backend-api`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
