// The official MCP clients in each protocol revision, over the Worker's real port, behind one face.
import { env } from "cloudflare:workers";
import * as v2 from "@modelcontextprotocol/client";
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/client/validators/cf-worker";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import * as z from "zod";

export interface McpClient {
  revision: string | undefined;
  tools: Tool[];
  /** Both clients hold structured results against the listed output schema, and reject where they do not fit. */
  call(name: string, parameters: object, onProgress?: (message: string) => void): Promise<ToolAnswer>;
}

export interface Tool {
  name: string;
  inputSchema: unknown;
  outputSchema: unknown;
  annotations: unknown;
}

export interface ToolAnswer {
  envelope: Envelope;
  isError: boolean;
  text: string;
}

/** As much of the contract as every envelope has, on purpose not the server's own schema. */
const Envelope = z.looseObject({
  status: z.enum(["completed", "running", "awaiting_approval", "failed", "cancelled", "interrupted"]),
  agent_id: z.string().nullable(),
  conversation_id: z.string().nullable(),
  turn_id: z.string().nullable(),
});
export type Envelope = z.infer<typeof Envelope>;

const Answer = z.object({
  content: z.array(z.object({ type: z.literal("text"), text: z.string() })),
  structuredContent: Envelope,
  isError: z.boolean().optional(),
});

const headers = { authorization: `Bearer ${env.DEV_TOKEN}` };
const url = new URL(`${env.WORKER_URL}/mcp`);

export async function connectV1(): Promise<McpClient> {
  const client = new Client({ name: "test", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(url, { requestInit: { headers } });
  await client.connect(transport);
  const { tools } = await client.listTools();
  return {
    revision: transport.protocolVersion,
    tools: tools.map(toTool),
    call: async (name, parameters, onProgress) =>
      toAnswer(await client.callTool({ name, arguments: { ...parameters } }, undefined, reportingTo(onProgress))),
  };
}

export async function connectV2(mode: v2.VersionNegotiationMode = { pin: "2026-07-28" }): Promise<McpClient> {
  const client = new v2.Client({ name: "test", version: "1.0.0" }, { versionNegotiation: { mode } });
  await client.connect(new v2.StreamableHTTPClientTransport(url, { requestInit: { headers } }));
  const { tools } = await client.listTools();
  return {
    revision: client.getNegotiatedProtocolVersion(),
    tools: tools.map(toTool),
    call: async (name, parameters, onProgress) =>
      toAnswer(await client.callTool({ name, arguments: { ...parameters } }, reportingTo(onProgress))),
  };
}

export const CLIENTS: { name: string; revision: string; connect: () => Promise<McpClient> }[] = [
  { name: "the v1 client", revision: "2025-11-25", connect: connectV1 },
  { name: "the v2 client at 2025-11-25", revision: "2025-11-25", connect: () => connectV2("legacy") },
  { name: "the v2 client at 2026-07-28", revision: "2026-07-28", connect: connectV2 },
];

/** An agent_id that no other test uses. */
export function newAgentId(): string {
  return `a-${crypto.randomUUID()}`;
}

/** Whether the value fits the schema, by the validator that MCP clients use in workerd. */
export function fits(schema: unknown, value: unknown): boolean {
  const validate = new CfWorkerJsonSchemaValidator().getValidator(
    schema as Parameters<CfWorkerJsonSchemaValidator["getValidator"]>[0],
  );
  return validate(value).valid;
}

function toTool({
  name,
  inputSchema,
  outputSchema,
  annotations,
}: {
  name: string;
  inputSchema: unknown;
  outputSchema?: unknown;
  annotations?: unknown;
}): Tool {
  return { name, inputSchema, outputSchema, annotations };
}

function reportingTo(onProgress: ((message: string) => void) | undefined) {
  if (onProgress === undefined) return {};
  return { onprogress: ({ message = "" }: { message?: string | undefined }) => onProgress(message) };
}

function toAnswer(result: unknown): ToolAnswer {
  const { content, structuredContent, isError = false } = Answer.parse(result);
  return { envelope: structuredContent, isError, text: content.map(({ text }) => text).join("\n") };
}
