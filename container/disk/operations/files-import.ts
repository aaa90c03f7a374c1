// Clones a repository into a stage. Nothing of the workspace changes.
import { mkdirSync, writeFileSync } from "node:fs";
import type { Readable } from "node:stream";
import * as z from "zod";
import { ImportAnswer, ImportRequest } from "../../lib/files-protocol.ts";
import { HttpFailure } from "../../lib/http.ts";
import { discard, failureOf } from "../files/carry-out.ts";
import { cloneRepository } from "../files/clone.ts";
import { requireRef } from "../files/import-ref.ts";
import { readJson } from "../files/json-body.ts";
import { checkRemote, type Remote } from "../files/remote-address.ts";
import { probeRemote } from "../files/remote-probe.ts";
import { guardTree } from "../files/repository-guard.ts";
import { requireWritable } from "../files/workspace-path.ts";
import { requireEmpty } from "./files-put.ts";

export const FilesImport = {
  name: "files_import",
  request: z.object({
    dataDir: z.string(),
    stage: z.string(),
    /** See AddressOptions. */
    allowed: z.array(z.string()),
    looksUp: z.boolean(),
    /** PEM, in place of the authorities that everybody trusts. */
    ca: z.string().optional(),
    timeoutMs: z.number().int().positive(),
  }),
  /** `at` and `replace` are for FilesPut. */
  result: z.object({ answer: ImportAnswer, at: z.string(), replace: z.boolean() }),
};

const MAX_BODY_BYTES = 64 * 1024;

/** Takes an ImportRequest for its body. Leaves what is to be put in place as `new` in the stage, or nothing where it throws. */
export async function filesImport(
  { dataDir, stage, allowed, looksUp, ca, timeoutMs }: z.infer<typeof FilesImport.request>,
  { input }: { input: Readable },
): Promise<z.infer<typeof FilesImport.result>> {
  const deadline = Date.now() + timeoutMs;
  const { url, ref, token, directory, replace, depth } = await readJson(input, ImportRequest, MAX_BODY_BYTES);
  const at = directory === "" ? "" : requireWritable(directory);
  if (ref !== null) requireRef(ref);
  if (!replace) requireEmpty(dataDir, at);
  const remote = await checkRemote(url, { allowed, looksUp });
  const authorization = token === null ? undefined : basic(token);
  const place = await probeRemote(remote, { authorization, ca });
  const target = Buffer.from(`${dataDir}/${stage}/new${at === "" ? "" : `/${at}`}`, "latin1").toString();
  try {
    const caFile = ca === undefined ? undefined : keep(`${dataDir}/${stage}`, ca);
    const cloned = await cloneRepository({
      directory: target,
      settings: settingsOf(remote, place, { authorization, caFile }),
      secrets: [token, authorization?.slice("Basic ".length)].filter((secret) => secret != null),
      deadline,
      remote: place,
      url: remote.url.href,
      ref,
      depth,
    });
    const tree = await guardTree(`${dataDir}/${stage}/new`);
    return { answer: { ...cloned, directory, ...tree }, at, replace };
  } catch (error) {
    discard(dataDir, stage);
    throw failureOf(error);
  }
}

function basic(token: string): string {
  if (/\p{Cc}/u.test(token)) throw new HttpFailure(400, { code: "bad_request", message: "The token is no token." });
  return `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
}

/** git takes only a file. */
function keep(directory: string, ca: string): string {
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/ca.pem`, ca);
  return `${directory}/ca.pem`;
}

/** https://git-scm.com/docs/git-config */
function settingsOf(
  { url, addresses }: Remote,
  place: URL,
  { authorization, caFile }: { authorization: string | undefined; caFile: string | undefined },
): [key: string, value: string][] {
  const pinned = addresses.map((address) => (address.includes(":") ? `[${address}]` : address)).join(",");
  return [
    ["core.hooksPath", "/dev/null"],
    ["core.fsmonitor", "false"],
    ["core.symlinks", "true"],
    // Names that are .git elsewhere, at the checkout; and in what is fetched, with all that git takes for an attack.
    ["core.protectHFS", "true"],
    ["core.protectNTFS", "true"],
    ["fetch.fsckObjects", "true"],
    ...ATTACKS.map((mistake) => pair(`fetch.fsck.${mistake}`, "error")),
    ...OLD_MISTAKES.map((mistake) => pair(`fetch.fsck.${mistake}`, "ignore")),
    ["submodule.recurse", "false"],
    ["fetch.recurseSubmodules", "false"],
    ["gc.auto", "0"],
    ["maintenance.auto", "false"],
    ["credential.helper", ""],
    ["protocol.allow", "never"],
    ["protocol.https.allow", "always"],
    ["http.followRedirects", "false"],
    ["http.lowSpeedLimit", "1"],
    ["http.lowSpeedTime", "30"],
    ...(addresses.length === 0 ? [] : [pair("http.curloptResolve", `${url.hostname}:${url.port || "443"}:${pinned}`)]),
    ...(caFile === undefined ? [] : [pair("http.sslCAInfo", caFile)]),
    ...(authorization === undefined ? [] : [pair(`http.${place.href}.extraHeader`, `Authorization: ${authorization}`)]),
  ];
}

function pair(key: string, value: string): [key: string, value: string] {
  return [key, value];
}

/** Which are only warned of else. */
const ATTACKS = ["hasDot", "hasDotdot", "hasDotgit", "emptyName", "fullPathname"];
/** Of old programs, in many repositories, and harmless. https://git-scm.com/docs/git-fsck#_fsck_messages */
const OLD_MISTAKES = [
  ...["badDate", "badDateOverflow", "badEmail", "badName", "badTimezone", "missingEmail", "missingNameBeforeEmail"],
  ...[
    "missingSpaceBeforeDate",
    "missingSpaceBeforeEmail",
    "missingTaggerEntry",
    "zeroPaddedDate",
    "zeroPaddedFilemode",
  ],
  ...["badFilemode", "gitmodulesBlob", "gitmodulesParse", "gitmodulesLarge"],
];
