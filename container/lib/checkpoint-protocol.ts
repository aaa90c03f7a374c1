// The part of the wire contract that is about checkpoints: archives of what an agent has on disk. See ../protocol.ts.
import * as z from "zod";

export const CheckpointId = z.string().regex(/^ckpt_[0-9a-z]{1,40}$/);

/**
 * `POST /checkpoints`: archive what is on disk under that id. With a `parent` whose state this disk remembers, only what
 * changed since; else all. `is_base`: all in any case. `is_forced`: also where nothing has changed.
 */
export const CheckpointRequest = z.object({
  id: CheckpointId,
  parent: CheckpointId.nullable(),
  is_base: z.boolean(),
  is_forced: z.boolean(),
});
export type CheckpointRequest = z.infer<typeof CheckpointRequest>;

/** `ready`: `GET /checkpoints/<id>?offset&length` brings the archive, until the next one is made or it is deleted. */
export const CheckpointAnswer = z.discriminatedUnion("status", [
  z.object({ status: z.literal("unchanged") }),
  z.object({
    status: z.literal("ready"),
    /** Null for a base, which needs no other. */
    parent: CheckpointId.nullable(),
    /** Whether anything changed since the request's parent; true where that is not known. */
    is_changed: z.boolean(),
    bytes: z.number().int().positive(),
    /** Hexadecimal. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    /** What the archive leaves out, for people. */
    notes: z.array(z.string().max(5_000)).max(100),
  }),
]);
export type CheckpointAnswer = z.infer<typeof CheckpointAnswer>;

/** `GET /checkpoints`: the checkpoints whose state this disk continues. Empty for an empty disk. */
export const HeldCheckpoints = z.object({ held: z.array(CheckpointId) });

/**
 * `POST /restore` begins, `PUT /restore/archive?sha256&bytes` brings each archive of the chain, the base first, and
 * `POST /restore/finish` puts the disk in its place. 422 `corrupt` where the body is not what the query says.
 */
export const ArchiveDigest = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.coerce.number().int().positive(),
});
export type ArchiveDigest = z.infer<typeof ArchiveDigest>;
