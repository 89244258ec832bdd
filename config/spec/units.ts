/** An amount of memory, in binary units: `"512MiB"`, `"2GiB"`. */
export type Size = `${number}${"KiB" | "MiB" | "GiB"}`;

/** A length of time: `"30s"`, `"5m"`, `"1h"`. */
export type Duration = `${number}${"s" | "m" | "h" | "d"}`;

export const sizePattern = /^[1-9]\d*(KiB|MiB|GiB)$/;
export const durationPattern = /^[1-9]\d*(s|m|h|d)$/;

const kibibytesPer = { KiB: 1, MiB: 1024, GiB: 1024 * 1024 } as const;
const secondsPer = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Mebibytes in `size`, rounded up: the provider and PostgreSQL count in whole mebibytes. */
export function mebibytes(size: Size): number {
  const unit = size.slice(-3) as keyof typeof kibibytesPer;
  return Math.ceil((Number.parseInt(size, 10) * kibibytesPer[unit]) / 1024);
}

/** Whole seconds in `duration`. */
export function seconds(duration: Duration): number {
  const unit = duration.slice(-1) as keyof typeof secondsPer;
  return Number.parseInt(duration, 10) * secondsPer[unit];
}

/**
 * `duration` in Go's format (`"1m30s"`, `"1h0m0s"`). The Docker provider returns durations in this
 * format, so any other format is a change at each `up`.
 */
export function goDuration(duration: Duration): string {
  const total = seconds(duration);
  const [h, m, s] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60), total % 60];
  if (h > 0) return `${h}h${m}m${s}s`;
  return m > 0 ? `${m}m${s}s` : `${s}s`;
}

/**
 * `duration` as the provider returns it for a service of a Swarm: as Go's format, without a last
 * part of zero (`"1m"`, `"1h"`).
 */
export const shortDuration = (duration: Duration): string =>
  goDuration(duration).replace(/m0s$/, "m").replace(/h0m$/, "h");

/**
 * `cpus` in the provider's format (`"1.0"`, `"0.5"`). Any other format replaces the container at
 * each `up`.
 */
export function cpuString(cpus: number): string {
  return Number.isInteger(cpus) ? cpus.toFixed(1) : String(cpus);
}
