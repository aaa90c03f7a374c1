// Deletes an agent for good: its container, its disk, and everything that this Durable Object stores.
import { AppError } from "../errors.ts";

export interface EraseParts {
  storage: DurableObjectStorage;
  isUp: boolean;
  /** Ends the container at once. */
  destroy(): Promise<void>;
  deleteDisk(): Promise<void>;
  /** All that was ever saved of the disk. Throws `storage_unavailable`. */
  deleteCheckpoints(): Promise<void>;
  /** Never rejects. The end of a container is told late, and by then nobody is left to be told. */
  releaseLease(): Promise<void>;
  /** Schedules would set the alarm again. */
  deleteSchedules(): void;
}

const ALARM_TIMEOUT_MS = 5_000;
const POLL_MS = 20;
const CALM_LOOKS = 4;

/** Throws `container_unavailable` or `storage_unavailable` where files could not be deleted; then what is stored stays, so that it can be tried again. */
export async function erase({
  storage,
  isUp,
  destroy,
  deleteDisk,
  deleteCheckpoints,
  releaseLease,
  deleteSchedules,
}: EraseParts): Promise<void> {
  try {
    await destroy();
    await deleteDisk();
  } catch (cause) {
    throw new AppError("container_unavailable", "The agent's files could not be deleted. Try again in a minute.", {
      cause,
    });
  }
  await deleteCheckpoints();
  await releaseLease();
  deleteSchedules();
  if (isUp) await alarmAtRest(storage);
  await storage.deleteAlarm();
  await storage.deleteAll();
}

/**
 * While a container is up, the Container class has an alarm at work, which sets the next one when it ends. Resolves when
 * none is at work or about to be: seen several times in a row, since an alarm that begins has not set the next one yet.
 */
async function alarmAtRest(storage: DurableObjectStorage): Promise<void> {
  const deadline = Date.now() + ALARM_TIMEOUT_MS;
  for (let calm = 0; calm < CALM_LOOKS && Date.now() < deadline; ) {
    const alarm = await storage.getAlarm();
    calm = alarm === null || alarm > deadline ? calm + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
