export interface WorkspaceLimits {
  /** Largest text file whose lines are kept and shown. */
  maxTextFileBytes: number;
  /** Total size of the kept contents. */
  maxStoreBytes: number;
  /** UTF-16 code units of the diff, without its last line that tells what was left out. */
  maxDiffChars: number;
  /** Changes that are listed, and therefore shown. */
  maxChangedFiles: number;
  /** Files that are remembered; an entry takes about 150 bytes. */
  maxFiles: number;
}

export const defaultWorkspaceLimits: WorkspaceLimits = {
  maxTextFileBytes: 1024 * 1024,
  maxStoreBytes: 512 * 1024 * 1024,
  maxDiffChars: 400_000,
  maxChangedFiles: 1000,
  maxFiles: 100_000,
};
