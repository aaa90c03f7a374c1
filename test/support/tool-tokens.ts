// What the list of tools costs every model that has this server connected: its definitions as a client hands them over, counted with
// OpenAI's newest public tokenizer. Other models count a little differently.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Tiktoken } from "js-tiktoken/lite";
import o200k from "js-tiktoken/ranks/o200k_base";
import type { DevServer } from "./dev-server.ts";

/** Resolves to the number of tokens of each tool's name, description and schemas. */
export async function countToolTokens({ url, token }: DevServer): Promise<Map<string, number>> {
  const encoding = new Tiktoken(o200k);
  const headers = { authorization: `Bearer ${token}` };
  const client = new Client({ name: "bench", version: "1" }, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } }));
  const { tools } = await client.listTools();
  await client.close();
  return new Map(
    tools.map(({ name, description, inputSchema, outputSchema }) => {
      const text = JSON.stringify({ name, description, inputSchema, outputSchema });
      return [name, encoding.encode(text).length];
    }),
  );
}
