// The runner's HTTP API as the Durable Object uses it. Parses all it receives: the runner shares its machine with code
// that nobody vouches for.
import * as z from "zod";
import {
  type ArchiveDigest,
  CheckpointAnswer,
  type CheckpointRequest,
  HeldCheckpoints,
} from "../../container/lib/checkpoint-protocol.ts";
import {
  type ApprovalDecision,
  ModelInfo,
  PING_INTERVAL_MS,
  PROTOCOL_VERSION,
  RunnerFailure,
  RunnerHealth,
  RunnerMetrics,
  StreamLine,
  type TurnEvent,
  type TurnSpec,
} from "../../container/protocol.ts";
import { withIdleTimeout, withTimeout } from "../lib/idle-timeout.ts";
import { readNdjson } from "../lib/ndjson.ts";
import { FilesClient } from "./files-client.ts";

/** Sends a request to the runner's port. Rejects where nothing listens there. */
export type RunnerFetch = (path: string, init: RequestInit) => Promise<Response>;

/** The runner refused a request, or answered what this client does not understand. */
export class RunnerRefusal extends Error {
  override name = "RunnerRefusal";
  readonly failure: RunnerFailure;
  constructor(failure: RunnerFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

export type TurnEvents = AsyncGenerator<TurnEvent, void, undefined>;

/** The runner pings well within this; a stream that is silent for longer is dead. */
const STREAM_IDLE_MS = 3 * PING_INTERVAL_MS;

/** The runner answers every request at once; what takes long is streamed afterwards. */
const ANSWER_TIMEOUT_MS = 20_000;
/** Save what goes through all that is on disk. */
const DISK_TIMEOUT_MS = 900_000;

const Models = z.object({ models: z.array(ModelInfo) });
const Grants = z.object({ grants: z.array(z.string()) });
const Logs = z.object({ lines: z.array(z.string()) });

export class RunnerClient {
  readonly files = new FilesClient((...call) => this.#call(...call));
  readonly #fetch: RunnerFetch;
  readonly #token: string;

  constructor(fetch: RunnerFetch, token: string) {
    this.#fetch = fetch;
    this.#token = token;
  }

  /**
   * Starts the turn, or joins it where it is known, and follows its events above `after`. The generator ends early
   * when the connection does. Throws {@link RunnerRefusal}.
   */
  async startTurn(spec: Omit<TurnSpec, "protocol">, after: number, correlationId: string): Promise<TurnEvents> {
    const body = JSON.stringify({ ...spec, protocol: PROTOCOL_VERSION } satisfies TurnSpec);
    const headers = { "content-type": "application/json", "x-correlation-id": correlationId };
    return events(await this.#call(`/turns?after=${after}`, { method: "POST", headers, body }));
  }

  /** Follows a turn that was started. Throws {@link RunnerRefusal} with `gone` where the runner does not know it. */
  async followTurn(turnId: string, after: number): Promise<TurnEvents> {
    return events(await this.#call(`/turns/${turnId}/events?after=${after}`));
  }

  async cancelTurn(turnId: string): Promise<void> {
    await drain(await this.#call(`/turns/${turnId}/cancel`, { method: "POST" }));
  }

  /** Returns false where that approval does not wait any more. */
  async answerApproval(turnId: string, approvalId: string, decision: ApprovalDecision): Promise<boolean> {
    return this.#tell(`/turns/${turnId}/approvals/${approvalId}`, { decision }, "decided");
  }

  /** Returns false where the turn is not at work. */
  async steer(turnId: string, message: string): Promise<boolean> {
    return this.#tell(`/turns/${turnId}/steer`, { message }, "not_active");
  }

  /** What was accepted for the session, each as it was shown then. */
  async grants(): Promise<string[]> {
    return Grants.parse(await (await this.#call("/grants")).json()).grants;
  }

  /** Takes all of it back. Returns what it was. */
  async revokeGrants(): Promise<string[]> {
    return Grants.parse(await (await this.#call("/grants", { method: "DELETE" })).json()).grants;
  }

  async putRollout(threadId: string, rollout: ReadableStream<Uint8Array>): Promise<void> {
    await drain(await this.#call(`/threads/${threadId}/rollout`, { method: "PUT", body: rollout }));
  }

  /** Checkpoints whose state the disk continues. Empty for an empty disk. */
  async heldCheckpoints(): Promise<string[]> {
    return HeldCheckpoints.parse(await (await this.#call("/checkpoints")).json()).held;
  }

  async createCheckpoint(request: CheckpointRequest): Promise<CheckpointAnswer> {
    return CheckpointAnswer.parse(await (await this.#post("/checkpoints", request, DISK_TIMEOUT_MS)).json());
  }

  /** Bytes of the archive of the checkpoint that was created last. */
  async readCheckpoint(id: string, offset: number, length: number): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.#call(`/checkpoints/${id}?offset=${offset}&length=${length}`);
    if (body === null) throw new Error("the runner sent no archive");
    return body;
  }

  async releaseCheckpoint(id: string): Promise<void> {
    await drain(await this.#call(`/checkpoints/${id}`, { method: "DELETE" }));
  }

  async beginRestore(): Promise<void> {
    await drain(await this.#post("/restore", {}));
  }

  /** Throws {@link RunnerRefusal} with `corrupt` where the archive is not what `digest` says. */
  async restoreArchive({ sha256, bytes }: ArchiveDigest, archive: ReadableStream<Uint8Array>): Promise<void> {
    const path = `/restore/archive?sha256=${sha256}&bytes=${bytes}`;
    await drain(await this.#call(path, { method: "PUT", body: archive }, DISK_TIMEOUT_MS));
  }

  /** The disk is what was restored, the state of that checkpoint. */
  async finishRestore(id: string | null): Promise<void> {
    await drain(await this.#post("/restore/finish", { id }, DISK_TIMEOUT_MS));
  }

  async health(): Promise<RunnerHealth> {
    return RunnerHealth.parse(await (await this.#call("/health")).json());
  }

  async metrics(): Promise<RunnerMetrics> {
    return RunnerMetrics.parse(await (await this.#call("/metrics")).json());
  }

  async models(): Promise<ModelInfo[]> {
    return Models.parse(await (await this.#call("/models")).json()).models;
  }

  async logTail(lines: number): Promise<string[]> {
    return Logs.parse(await (await this.#call(`/logs?tail=${lines}`)).json()).lines;
  }

  async #tell(path: string, body: object, tooLate: RunnerFailure["code"]): Promise<boolean> {
    try {
      await drain(await this.#post(path, body));
      return true;
    } catch (error) {
      if (error instanceof RunnerRefusal && [tooLate, "gone"].includes(error.failure.code)) return false;
      throw error;
    }
  }

  #post(path: string, body: object, timeoutMs?: number): Promise<Response> {
    const headers = { "content-type": "application/json" };
    return this.#call(path, { method: "POST", headers, body: JSON.stringify(body) }, timeoutMs);
  }

  async #call(path: string, init: RequestInit = {}, timeoutMs = ANSWER_TIMEOUT_MS): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${this.#token}`);
    const response = await withTimeout(this.#fetch(path, { ...init, headers }), timeoutMs);
    if (response.ok) return response;
    const failure = RunnerFailure.safeParse(await response.json().catch(() => undefined));
    if (failure.success) throw new RunnerRefusal(failure.data);
    throw new RunnerRefusal({ code: "internal", message: `The runner answered ${response.status}.` });
  }
}

async function* events(response: Response): TurnEvents {
  if (response.body === null) return;
  for await (const line of withIdleTimeout(readNdjson(response.body), STREAM_IDLE_MS)) {
    const parsed = StreamLine.parse(line);
    if ("seq" in parsed) yield parsed;
  }
}

/** An answer that is not read keeps its connection. */
async function drain(response: Response): Promise<void> {
  await response.body?.cancel();
}
