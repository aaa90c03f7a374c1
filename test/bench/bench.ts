// What every part of the bench is given.
import type { DevServer } from "../support/dev-server.ts";
import type { FakeModel } from "../support/fake-model/fake-model.ts";
import type { Row } from "./report.ts";

export interface Bench {
  model: FakeModel;
  server: DevServer;
  rounds: number;
  /** Below the table. */
  remark(text: string): void;
}

/** Measures its rows, both sides of each by turns. */
export type Part = (bench: Bench) => Promise<Row[]>;
