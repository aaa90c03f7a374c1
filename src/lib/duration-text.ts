/** As people say it: in hours up to two days, then in days. */
export function durationText(minutes: number): string {
  return minutes >= 2_880 ? `${Math.round(minutes / 1_440)} days` : `${Math.round(minutes / 60)} hours`;
}
