/** Runs of one method of an agent's object, planned ahead. */
export interface Schedules {
  /** Whether a run is planned; one that is going on counts. */
  isPlanned(): Promise<boolean>;
  plan(inSeconds: number): Promise<unknown>;
}
