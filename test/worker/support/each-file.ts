// Around every test file.
import { afterAll, beforeEach } from "vitest";
import { lab } from "./lab.ts";
import { keepWorkerLog, printWorkerLog, workerLog } from "./worker-log.ts";

keepWorkerLog();

beforeEach(({ onTestFailed }) => {
  const before = workerLog().length;
  onTestFailed(() => printWorkerLog(before));
});

// Its agents would take memory and time from the next file's.
afterAll(() => lab.restartHost());
