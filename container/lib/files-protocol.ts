// The part of the wire contract that is about files in and out of the workspace. See ../protocol.ts.
//
// What writes (`/files/write`, `/files/import`, `PUT /files/archive`) answers 409 `turn_active` while a turn is at work, 409
// `disk_busy` while another of these is, 507 `disk_full` where there is no room, and changes all that it was asked to or nothing, whatever dies meanwhile: the new files are staged first and then moved into
// place by a plan that is carried out to its end after a crash. Nothing of it is in a checkpoint before the next one is made.
// What reads may be asked for at any time.
//
// A path is relative to the workspace, with "/" and without ".", ".." or empty parts; "" is the workspace itself. Names on
// disk need not be UTF-8: such a name is shown with U+FFFD and marked, and cannot be asked for.
import * as z from "zod";
import { WorkspaceChanges } from "../protocol.ts";

const MIB = 1024 * 1024;

export const FILE_LIMITS = {
  listEntries: 1_000,
  readPaths: 100,
  /** Of all contents in one answer, before base64. */
  readBytes: 8 * MIB,
  writePaths: 500,
  /** Of all contents in one request, as they are on disk. */
  writeBytes: 16 * MIB,
  pathBytes: 4_096,
  /** Of an archive or repository when it is on disk. */
  treeBytes: 4 * 1024 * MIB,
  treeEntries: 200_000,
  /** Of a checkpoint that is compared with, when it is on disk. */
  checkpointBytes: 10 * 1024 * MIB,
  /** Of an archive as it comes in. */
  archiveBytes: 2 * 1024 * MIB,
} as const;

/** Of the checks here only the length: the others have an answer of their own, for one path of many. */
const Path = z.string().max(FILE_LIMITS.pathBytes);
const Count = z.number().int().nonnegative();
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Our own text with quoted names, for people. */
const Notes = z.array(z.string().max(5_000)).max(100);

/** `POST /files/list`. `cursor` is the `next` of the page before. 404 `missing`, 409 `not_directory`. */
export const ListRequest = z.object({
  path: Path.default(""),
  recursive: z.boolean().default(false),
  /** Whether `.git` is gone into; else it is not listed, at any depth. */
  include_git: z.boolean().default(false),
  cursor: z.string().max(20_000).nullable().default(null),
  limit: z.number().int().min(1).max(FILE_LIMITS.listEntries).default(200),
});
export type ListRequest = z.infer<typeof ListRequest>;

export const FileInfo = z.object({
  path: z.string(),
  /** A link is not followed. */
  type: z.enum(["file", "directory", "symlink", "other"]),
  /** Of a file in bytes; else 0. */
  size: Count,
  executable: z.boolean(),
  /** Of a link. */
  target: z.string().optional(),
  /** The name is not UTF-8. */
  is_unnameable: z.literal(true).optional(),
});
export type FileInfo = z.infer<typeof FileInfo>;

/** In the order of the names' bytes, a directory before what is in it. */
export const FileList = z.object({ entries: z.array(FileInfo), next: z.string().nullable() });
export type FileList = z.infer<typeof FileList>;

/**
 * `POST /files/read`. Links are followed as long as they stay in the workspace. `max_bytes` is for all contents together, in
 * the order of `files`; what has no room any more is `skipped`.
 */
export const ReadRequest = z.object({
  files: z
    .array(z.object({ path: Path, offset: Count.default(0) }))
    .min(1)
    .max(FILE_LIMITS.readPaths),
  max_bytes: z.number().int().min(1).max(FILE_LIMITS.readBytes).default(MIB),
});
export type ReadRequest = z.infer<typeof ReadRequest>;

/** `outside`: no path of the workspace, or a link that leads out of it. */
export const ReadFile = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("ok"),
    path: z.string(),
    content: z.string(),
    /** `utf-8` where the part that was read is valid. */
    encoding: z.enum(["utf-8", "base64"]),
    /** Of the whole file. */
    size: Count,
    offset: Count,
    /** That were read, from `offset` on: the next part begins at their sum. */
    bytes: Count,
    truncated: z.boolean(),
    executable: z.boolean(),
    /** Where the content is the whole file. */
    sha256: Sha256.optional(),
  }),
  z.object({
    status: z.enum(["missing", "directory", "not_regular", "outside", "unreadable", "skipped"]),
    path: z.string(),
  }),
]);
export type ReadFile = z.infer<typeof ReadFile>;

export const ReadAnswer = z.object({ files: z.array(ReadFile) });
export type ReadAnswer = z.infer<typeof ReadAnswer>;

/**
 * `POST /files/write`. All or nothing. A link in a file's place is replaced, never followed; a path that leads through one is
 * refused, as is `.git` at any depth. A deleted directory goes with all that is in it.
 * 422 `path_refused`, 409 `conflict` (a directory where a file is to be, and the like), 413 `too_large`.
 */
export const WriteRequest = z.object({
  files: z
    .array(
      z.object({
        path: Path,
        content: z.string(),
        encoding: z.enum(["utf-8", "base64"]).default("utf-8"),
        /** Null: as it was, and not for a new file. */
        executable: z.boolean().nullable().default(null),
      }),
    )
    .max(FILE_LIMITS.writePaths)
    .default([]),
  deletes: z.array(Path).max(FILE_LIMITS.writePaths).default([]),
});
export type WriteRequest = z.infer<typeof WriteRequest>;

export const WriteAnswer = z.object({
  written: z.array(
    z.object({ path: z.string(), action: z.enum(["created", "replaced"]), size: Count, sha256: Sha256 }),
  ),
  deleted: z.array(z.string()),
  /** Of `deletes`: there was nothing. */
  missing: z.array(z.string()),
});
export type WriteAnswer = z.infer<typeof WriteAnswer>;

/**
 * `POST /files/import`: clones with all its history, and ends when the request does. The token is for this one process, in
 * no file, log or answer. The remote `origin` is `url`, without a credential.
 * 422 `url_refused` (not https, credentials in it, a private address), 422 `ref_refused`, 409 `not_empty`, 413 `too_large`,
 * 422 `repository_refused`; of the remote: 502 `unreachable`, 403 `auth_failed` (a token is missing, wrong, or there is no such
 * repository), 404 `ref_missing`, 502 `import_failed`, 504 `timeout`; 501 `git_missing`.
 */
export const ImportRequest = z.object({
  url: z.string().min(1).max(2_048),
  /** Branch, tag or whole commit id; null: what the remote calls its HEAD. */
  ref: z.string().min(1).max(255).nullable().default(null),
  /** Sent as the password of `x-access-token`, which GitHub, GitLab and Gitea take. */
  token: z.string().min(1).max(4_096).nullable().default(null),
  directory: Path.default(""),
  /** Whether all that is in `directory` goes away; else that must be empty or missing. */
  replace: z.boolean().default(false),
  /** How many commits of history; null: all. */
  depth: z.number().int().min(1).max(1_000_000).nullable().default(null),
});
export type ImportRequest = z.infer<typeof ImportRequest>;

export const ImportAnswer = z.object({
  commit: z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/),
  /** That is checked out; null for a tag or a commit. */
  branch: z.string().nullable(),
  directory: z.string(),
  /** Without those of `.git`. */
  files: Count,
  bytes: Count,
  notes: Notes,
});
export type ImportAnswer = z.infer<typeof ImportAnswer>;

export const ArchiveFormat = z.enum(["tar.zst", "zip"]);
export type ArchiveFormat = z.infer<typeof ArchiveFormat>;

/**
 * `GET /files/archive?format=`: the workspace as a stream, `.git` included; the archive's top is the workspace itself. It ends
 * without its last part where it cannot be completed. A special file is left out. 501 `tar_missing`.
 */
export const DownloadQuery = z.object({ format: ArchiveFormat });
export type DownloadQuery = z.infer<typeof DownloadQuery>;

/**
 * `PUT /files/archive?format=&mode=`: the body is the archive. `replace`: the workspace is what the archive holds. `merge`: what
 * the archive does not name stays; a directory is not replaced by a file, nor a file or link by a directory (409 `conflict`).
 * 422 `archive_refused` with the reason, 413 `too_large`, 501 `tar_missing`.
 */
export const UploadQuery = z.object({ format: ArchiveFormat, mode: z.enum(["replace", "merge"]) });
export type UploadQuery = z.infer<typeof UploadQuery>;

export const UploadAnswer = z.object({ files: Count, bytes: Count, notes: Notes });
export type UploadAnswer = z.infer<typeof UploadAnswer>;

/**
 * `POST /files/diff?archive=<sha256>:<bytes>&archive=…`: what differs between a checkpoint and the workspace as it is. The
 * runner keeps no past states: they are in the checkpoints, which survive the disk. The caller looks up the checkpoint after
 * the turn in question (or the one made right after an import), and sends the archives of its chain, the base first, one
 * after the other as the body. No archive: since the workspace was empty. As with a turn's own changes, ignored files and
 * `.git` are not compared. Where no checkpoint is kept of that time, it cannot be known, and the caller says so.
 * 422 `corrupt` where the body is not what the query says, 501 `tar_missing`.
 */
export const DiffQuery = z.object({
  archive: z
    .array(
      z
        .string()
        .regex(/^[0-9a-f]{64}:[1-9]\d{0,14}$/)
        .transform((text) => ({ sha256: text.slice(0, 64), bytes: Number(text.slice(65)) })),
    )
    .max(1_000),
});
export type DiffQuery = z.infer<typeof DiffQuery>;

/** `diff` is cut at 400 000 characters, between files; `notes` say what is left out. */
export const DiffAnswer = WorkspaceChanges;
export type DiffAnswer = z.infer<typeof DiffAnswer>;
