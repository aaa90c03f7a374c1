// The tools over plain HTTP: `POST /tools/<name>` with the parameters as JSON, and `GET` for tools that only look.
import { AppError, statusOf } from "../errors.ts";
import type { CallContext } from "../tools/call-context.ts";
import { TOOLS, type Tool } from "../tools/catalogue.ts";
import { readParameters } from "./body.ts";
import { failureResponse, jsonResponse, nameScope, RETRY_AFTER_S } from "./failure.ts";
import { queryParameters } from "./query.ts";

export const REST_ROUTE = "/tools/*";

export type CallBase = Omit<CallContext, "signal" | "isCancelled" | "onProgress">;

const BY_NAME: ReadonlyMap<string, Tool> = new Map(TOOLS.map((tool) => [tool.name, tool]));
/** The predecessor's names: codex_chat, codex_plan, … */
const OLD_PREFIX = "codex_";
/**
 * Users of the predecessor stop idle containers by a plain GET. It loses nothing: what is stopped wakes up as it was.
 * To delete is another matter, and needs a POST.
 */
const ALSO_BY_GET = "cleanup_inactive_agents";

/** `keepAlive` lets a call go on whose client has left: only the wait for it ends. */
export async function handleToolRequest(
  request: Request,
  base: CallBase,
  keepAlive: (work: Promise<unknown>) => void,
): Promise<Response> {
  try {
    const tool = findTool(request);
    const parameters = await parametersOf(request, tool);
    // Only a wait ends with the connection. To end the turn itself there is cancel_turn.
    const context = { ...base, signal: request.signal, isCancelled: () => false, onProgress: () => {} };
    const running = tool.run(parameters, context);
    keepAlive(running);
    const { structured, failure } = await running;
    const response = jsonResponse(structured, failure === null ? 200 : statusOf(failure), base.correlationId);
    if (failure === "forbidden") nameScope(response, tool.scope);
    if (failure === "busy") response.headers.set("retry-after", RETRY_AFTER_S);
    return response;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    base.log.warn("request refused", { error });
    const response = failureResponse(error, base.correlationId);
    if (error.code === "method_not_allowed") response.headers.set("allow", "POST");
    return response;
  }
}

function findTool(request: Request): Tool {
  const name = new URL(request.url).pathname.slice("/tools/".length);
  const tool = BY_NAME.get(name) ?? BY_NAME.get(name.startsWith(OLD_PREFIX) ? name.slice(OLD_PREFIX.length) : name);
  if (tool !== undefined) return tool;
  throw new AppError("not_found", `There is no such tool. Known tools: ${[...BY_NAME.keys()].join(", ")}.`);
}

async function parametersOf(request: Request, tool: Tool): Promise<unknown> {
  if (request.method === "POST") return readParameters(request);
  if (request.method !== "GET" || !answersGet(tool)) {
    throw new AppError("method_not_allowed", `Send POST /tools/${tool.name} with the parameters as a JSON object.`);
  }
  const parameters = queryParameters(new URL(request.url).searchParams, tool);
  if (tool.name === ALSO_BY_GET && parameters.delete_data !== undefined && parameters.delete_data !== false) {
    throw new AppError("method_not_allowed", `To delete data send POST /tools/${tool.name}.`);
  }
  return parameters;
}

/** A tool that reads the workspace only still adds a turn to the conversation: nothing that a GET may do. */
function answersGet({ name, annotations }: Tool): boolean {
  return (annotations.readOnlyHint && annotations.idempotentHint) || name === ALSO_BY_GET;
}
