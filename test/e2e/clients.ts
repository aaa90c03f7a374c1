// The official MCP clients in each protocol revision, behind one face, so that the same test runs with all of them.
import * as v2 from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import * as z from "zod";

export interface Server {
  url: string;
  token: string;
}

export interface ToolAnswer {
  envelope: Envelope;
  isError: boolean;
  text: string;
}

export interface TestClient {
  protocolVersion: string | undefined;
  toolNames: string[];
  call(name: string, parameters: object, onProgress?: (message: string) => void): Promise<ToolAnswer>;
  close(): Promise<void>;
}

const Ids = { agent_id: z.string(), conversation_id: z.string(), turn_id: z.string() };
const Tokens = z.number().int().nonnegative();
const Change = z.object({ file: z.string(), action: z.string(), diff: z.string() });
const Command = z.object({ command: z.string(), exit_code: z.number().nullable(), duration_ms: z.number().nullable() });

/** The contract as a caller reads it, on purpose not the server's own schema. */
const Envelope = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("completed"),
    ...Ids,
    result: z.looseObject({ response: z.string().optional(), changes: z.array(Change).optional() }),
    evidence: z.object({
      diff: z.string().optional(),
      changed_files: z.array(z.object({ path: z.string(), action: z.string() })),
      commands: z.array(Command),
      model: z.string(),
      codex_version: z.string(),
      denied_hosts: z.array(z.string()),
    }),
    usage: z.object({
      input_tokens: Tokens,
      cached_input_tokens: Tokens,
      output_tokens: Tokens,
      reasoning_tokens: Tokens,
    }),
    started_at: z.iso.datetime(),
    duration_ms: z.number(),
  }),
  z.object({ status: z.literal("running"), ...Ids, progress: z.array(z.string()), next: z.string() }),
  z.object({
    status: z.enum(["failed", "cancelled", "interrupted"]),
    agent_id: z.string().nullable(),
    conversation_id: z.string().nullable(),
    turn_id: z.string().nullable(),
    error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }),
  }),
]);
export type Envelope = z.infer<typeof Envelope>;
export type Completed = Extract<Envelope, { status: "completed" }>;
type Connect = (server: Server, headers?: Record<string, string>) => Promise<TestClient>;

export const connectV1: Connect = async ({ url, token }, headers = {}) => {
  const client = new Client({ name: "e2e", version: "1.0.0" });
  const requestInit = { headers: { authorization: `Bearer ${token}`, ...headers } };
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit });
  await client.connect(transport);
  // Listed tools are what the client checks structured results against.
  const { tools } = await client.listTools();
  return {
    protocolVersion: transport.protocolVersion,
    toolNames: tools.map(({ name }) => name),
    call: async (name, parameters, onProgress) => {
      const request = { name, arguments: { ...parameters } };
      return toAnswer(await client.callTool(request, undefined, reportingTo(onProgress)));
    },
    close: () => client.close(),
  };
};

export const connectV2: Connect = (server, headers) => connectByV2(server, "legacy", headers);
export const connectV2Modern: Connect = (server, headers) => connectByV2(server, { pin: "2026-07-28" }, headers);

export const CLIENTS: { client: string; revision: RegExp; connect: Connect }[] = [
  { client: "v1 SDK", revision: /^2025-/, connect: connectV1 },
  { client: "v2 SDK in its legacy mode", revision: /^2025-/, connect: connectV2 },
  { client: "v2 SDK at revision 2026-07-28", revision: /^2026-07-28$/, connect: connectV2Modern },
];

async function connectByV2(
  { url, token }: Server,
  mode: v2.VersionNegotiationMode,
  headers: Record<string, string> = {},
): Promise<TestClient> {
  const client = new v2.Client({ name: "e2e", version: "1.0.0" }, { versionNegotiation: { mode } });
  const requestInit = { headers: { authorization: `Bearer ${token}`, ...headers } };
  await client.connect(new v2.StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
  const { tools } = await client.listTools();
  return {
    protocolVersion: client.getNegotiatedProtocolVersion(),
    toolNames: tools.map(({ name }) => name),
    call: async (name, parameters, onProgress) => {
      const request = { name, arguments: { ...parameters } };
      return toAnswer(await client.callTool(request, reportingTo(onProgress)));
    },
    close: () => client.close(),
  };
}

function reportingTo(onProgress: ((message: string) => void) | undefined) {
  if (onProgress === undefined) return {};
  return { onprogress: ({ message = "" }: { message?: string | undefined }) => onProgress(message) };
}

const Answer = z.object({
  content: z.array(z.object({ type: z.literal("text"), text: z.string() })),
  structuredContent: Envelope,
  isError: z.boolean().optional(),
});

function toAnswer(result: unknown): ToolAnswer {
  const { content, structuredContent, isError = false } = Answer.parse(result);
  return { envelope: structuredContent, isError, text: content.map(({ text }) => text).join("\n") };
}

/** For a test whose subject comes after a turn that went well. */
export function completed({ envelope }: ToolAnswer): Completed {
  if (envelope.status === "completed") return envelope;
  throw new Error(`the turn is ${envelope.status}: ${JSON.stringify(envelope)}`);
}
