// The official MCP clients over every transport of the server, behind one face.
import * as v2 from "@modelcontextprotocol/client";
import * as v1 from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import * as z from "zod";

export interface Endpoint {
  url: string;
  token: string;
}

export interface CallOptions {
  onProgress?: (message: string) => void;
  /** Aborting it cancels the call, in the way of the client's revision. */
  signal?: AbortSignal;
  /** The clients' own default is a minute. */
  timeoutMs?: number;
}

export interface McpClient {
  /** Both clients hold structured results against the listed output schema, and reject where they do not fit. */
  call(name: string, parameters: object, options?: CallOptions): Promise<Answer>;
  /** Leaves without a word. */
  close(): Promise<void>;
}

/** As much of a result as every one has, on purpose not the server's own schema. */
const Answer = z.object({
  content: z.array(z.object({ type: z.literal("text"), text: z.string() })).min(1),
  structuredContent: z.looseObject({
    status: z.string().optional(),
    agent_id: z.string().nullish(),
    turn_id: z.string().nullish(),
    approvals: z.array(z.looseObject({ approval_id: z.string() })).optional(),
  }),
  isError: z.boolean().optional(),
});
export type Answer = z.infer<typeof Answer>;

export interface ClientKind {
  client: string;
  /** Whether its cancel can be told from a lost connection. */
  cancels: boolean;
  connect(endpoint: Endpoint, user?: User): Promise<McpClient>;
}

/** Whoever sits before the client. Without one the client declares that it cannot ask anybody. */
export type User = (form: Form) => Promise<FormAnswer>;

export interface Form {
  message: string;
  /** Aborts when the server takes the form back. */
  signal: AbortSignal;
}

export type FormAnswer = {
  action: "accept" | "decline" | "cancel";
  content?: Record<string, string>;
};

const NAME = { name: "test", version: "1.0.0" };

export const CLIENTS: readonly ClientKind[] = [
  {
    client: "the v1 client in a session of /mcp",
    cancels: true,
    connect: (at, user) => connectV1(new StreamableHTTPClientTransport(...target(at, "/mcp")), user),
  },
  {
    client: "the v1 client over /sse",
    cancels: true,
    connect: (at, user) => connectV1(new SSEClientTransport(...target(at, "/sse")), user),
  },
  {
    client: "the v2 client in a session of /mcp",
    cancels: true,
    connect: (at, user) => connectV2(new v2.StreamableHTTPClientTransport(...target(at, "/mcp")), "legacy", user),
  },
  {
    client: "the v2 client over /sse",
    cancels: true,
    connect: (at, user) => connectV2(new v2.SSEClientTransport(...target(at, "/sse")), "legacy", user),
  },
  {
    client: "the v2 client at revision 2026-07-28",
    cancels: false,
    connect: (at, user) =>
      connectV2(new v2.StreamableHTTPClientTransport(...target(at, "/mcp")), { pin: "2026-07-28" }, user),
  },
];

function target({ url, token }: Endpoint, path: string): [URL, { requestInit: { headers: Record<string, string> } }] {
  return [new URL(path, url), { requestInit: { headers: { authorization: `Bearer ${token}` } } }];
}

async function connectV1(
  transport: StreamableHTTPClientTransport | SSEClientTransport,
  user: User | undefined,
): Promise<McpClient> {
  const client = new v1.Client(NAME, user && { capabilities: { elicitation: {} } });
  if (user !== undefined) {
    client.setRequestHandler(ElicitRequestSchema, ({ params }, { signal }) =>
      user({ message: params.message, signal }).then((answer) => ({ ...answer })),
    );
  }
  // The cast: the SDK's own transports do not fit its own interface under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  await client.listTools();
  return {
    call: async (name, parameters, options) =>
      Answer.parse(await client.callTool({ name, arguments: { ...parameters } }, undefined, toRequestOptions(options))),
    close: () => client.close(),
  };
}

async function connectV2(
  transport: v2.StreamableHTTPClientTransport | v2.SSEClientTransport,
  mode: v2.VersionNegotiationMode,
  user: User | undefined,
): Promise<McpClient> {
  const capabilities = user && { capabilities: { elicitation: { form: {} } } };
  const client = new v2.Client(NAME, { versionNegotiation: { mode }, ...capabilities });
  if (user !== undefined) {
    client.setRequestHandler("elicitation/create", ({ params }, { mcpReq }) =>
      user({ message: params.message, signal: mcpReq.signal }),
    );
  }
  await client.connect(transport);
  await client.listTools();
  return {
    call: async (name, parameters, options) =>
      Answer.parse(await client.callTool({ name, arguments: { ...parameters } }, toRequestOptions(options))),
    close: () => client.close(),
  };
}

function toRequestOptions({ onProgress, signal, timeoutMs }: CallOptions = {}) {
  const onprogress = ({ message = "" }: { message?: string | undefined }): void => onProgress?.(message);
  return { ...(onProgress && { onprogress }), ...(signal && { signal }), ...(timeoutMs && { timeout: timeoutMs }) };
}
