// Moments of a lecture: proto JSON writes them as "12.500s", people as 00:12.

/** Seconds of a proto JSON duration; a missing one is zero. */
export const seconds = (duration) => Number.parseFloat(duration ?? "0") || 0;

/** A proto JSON duration of so many seconds. */
export const duration = (moment) => `${Math.max(0, moment).toFixed(3)}s`;

/** A moment as mm:ss, or h:mm:ss from an hour on. */
export function clock(moment) {
  const whole = Math.max(0, Math.floor(moment));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const pair = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${pair(minutes)}:${pair(rest)}` : `${pair(minutes)}:${pair(rest)}`;
}

/** A moment as it is read aloud. */
export function spoken(moment) {
  const whole = Math.max(0, Math.floor(moment));
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  return minutes ? `${minutes} minutes ${rest} seconds` : `${rest} seconds`;
}
