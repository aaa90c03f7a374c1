// A workspace as one archive over plain HTTP, streamed both ways and never held whole.
//
//   GET  /agents/<agent_id>/workspace.tar.zst, .zip
//   PUT  the same, the archive as the body      ?mode=merge (default): what it does not name stays; replace: all that there is
import { type ArchiveFormat, FILE_LIMITS, UploadQuery } from "../../container/lib/files-protocol.ts";
import { AppError, unwrap } from "../errors.ts";
import { agentOf } from "../tools/call-context.ts";
import { AgentId } from "../tools/fields.ts";
import { callerOf } from "../tools/workspace-files.ts";
import { failureResponse, jsonResponse, nameScope, RETRY_AFTER_S } from "./failure.ts";
import { accepts, mediaTypeOf } from "./media-type.ts";
import type { CallBase } from "./routes.ts";
import { keepReading } from "./sent-body.ts";

export const ARCHIVE_ROUTE = "/agents/:agent_id/:archive{workspace\\.(?:tar\\.zst|zip)}";

interface Target {
  agentId: string;
  format: ArchiveFormat;
}

const MAX_BYTES = FILE_LIMITS.archiveBytes;
const SCOPES = { GET: "codex:read", PUT: "codex:run" } as const;
/** The first one is what is sent. `curl -T` names none. */
const TYPES: Readonly<Record<ArchiveFormat, readonly [string, ...string[]]>> = {
  "tar.zst": ["application/zstd", "application/x-zstd", "application/x-zstd-compressed-tar"],
  zip: ["application/zip", "application/x-zip-compressed"],
};
const ANY_TYPE = "application/octet-stream";

/** `keepAlive` lets an upload that has arrived be saved although its client has left. */
export async function handleArchiveRequest(
  request: Request,
  base: CallBase,
  keepAlive: (work: Promise<unknown>) => void,
): Promise<Response> {
  try {
    const target = targetOf(request);
    const { method } = request;
    if (method !== "GET" && method !== "PUT") {
      throw new AppError("method_not_allowed", "Send GET for the archive of the workspace, or PUT with one.");
    }
    if (!base.scopes.includes(SCOPES[method])) {
      const message = `Your token does not have the scope ${SCOPES[method]}. Sign in again and grant it.`;
      const response = failureResponse(new AppError("forbidden", message), base.correlationId);
      nameScope(response, SCOPES[method]);
      return response;
    }
    if (method === "GET") return await download(request, base, target);
    const uploading = upload(request, base, target);
    keepAlive(uploading.catch(() => {}));
    return await uploading;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    base.log.warn("request refused", { error });
    const response = failureResponse(error, base.correlationId);
    if (error.code === "method_not_allowed") response.headers.set("allow", "GET, PUT");
    if (error.code === "busy") response.headers.set("retry-after", RETRY_AFTER_S);
    return response;
  }
}

function targetOf(request: Request): Target {
  const [, , id = "", name = ""] = new URL(request.url).pathname.split("/");
  const agentId = AgentId.safeParse(id);
  if (!agentId.success) throw new AppError("invalid_input", `agent_id: ${agentId.error.issues[0]?.message}.`);
  return { agentId: agentId.data, format: name.endsWith(".zip") ? "zip" : "tar.zst" };
}

async function download(request: Request, base: CallBase, { agentId, format }: Target): Promise<Response> {
  const [type, ...others] = TYPES[format];
  if (!accepts(request, [type, ...others, ANY_TYPE])) {
    throw new AppError("not_acceptable", `This is ${type}. Send "accept: ${type}", or no accept at all.`);
  }
  const archive = unwrap(await agentOf(base, agentId).workspace().download(format));
  const headers = {
    "content-type": type,
    "content-disposition": `attachment; filename="${agentId}.${format}"`,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-correlation-id": base.correlationId,
  };
  return new Response(archive, { headers });
}

async function upload(request: Request, base: CallBase, { agentId, format }: Target): Promise<Response> {
  const body = keepReading(request.body);
  try {
    const query = checkUpload(request, format);
    const { answer, ...saved } = unwrap(
      await agentOf(base, agentId).workspace().upload(callerOf(base, agentId), query, body.stream),
    );
    const { files, bytes } = answer;
    const notes = [...saved.notes, ...answer.notes];
    return jsonResponse({ agent_id: agentId, ...query, files, bytes, ...saved, notes }, 200, base.correlationId);
  } catch (error) {
    // Whoever is still sending would see a broken connection and not the answer.
    await body.discard();
    throw error;
  }
}

function checkUpload(request: Request, format: ArchiveFormat): UploadQuery {
  const type = mediaTypeOf(request);
  if (type !== "" && type !== ANY_TYPE && !TYPES[format].includes(type)) {
    const [expected] = TYPES[format];
    throw new AppError(
      "unsupported_media_type",
      `Send the archive itself, as content-type ${expected} or without one.`,
    );
  }
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") {
    throw new AppError("unsupported_media_type", "Send the archive without a content-encoding of its own.");
  }
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  if (length > MAX_BYTES) {
    throw new AppError("payload_too_large", `The archive exceeds ${MAX_BYTES} bytes (2 GiB).`);
  }
  const mode = new URL(request.url).searchParams.get("mode") ?? "merge";
  const query = UploadQuery.safeParse({ format, mode });
  if (!query.success) throw new AppError("invalid_input", 'mode must be "merge" or "replace".');
  if (request.body === null || length === 0)
    throw new AppError("invalid_input", "The body must be the archive: curl -T <file>.");
  return query.data;
}
