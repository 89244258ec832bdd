/** Excludes requests of health checks and of Prometheus itself. */
export const realTraffic = 'route!~"/metrics|.*/health.*"';

/**
 * `expr`, or 0 if its series do not exist yet: if nothing has happened yet, the value is 0 and not
 * a gap.
 */
export const orZero = (expr: string): string => `(${expr}) or on () vector(0)`;

/** The rate of a counter a second, over five minutes and all its series. */
export const perSecond = (counter: string): string => orZero(`sum(rate(${counter}[5m]))`);

/** One sum divided by another. 0 while nothing has been counted. */
export const ratio = (part: string, whole: string): string =>
  `(${orZero(part)}) / clamp_min(${orZero(whole)}, 1e-9)`;

/** A quantile over a classic histogram, per `by`, over five minutes. */
export const quantile = (q: number, bucket: string, by: readonly string[] = []): string =>
  `histogram_quantile(${q}, sum by (${[...by, "le"].join(", ")}) (rate(${bucket}[5m])))`;

/**
 * Selects the disk that holds Docker's data. Docker mounts three files of it into each container;
 * one is enough.
 */
export const dockerDisk = 'mountpoint="/etc/hosts"';
