/** What people ask for: without the requests of probes and of Prometheus itself. */
export const realTraffic = 'route!~"/metrics|.*/health.*"';

/** A query that gives 0 where its series do not exist yet: nothing has happened is an answer, not a gap. */
export function orZero(expr: string): string {
  return `(${expr}) or on () vector(0)`;
}

/** One sum divided by another; 0 while nothing has been counted. */
export function ratio(part: string, whole: string): string {
  return `(${orZero(part)}) / clamp_min(${orZero(whole)}, 1e-9)`;
}

/** A quantile over a classic histogram, per `by`, over five minutes. */
export function quantile(q: number, bucket: string, by: readonly string[] = []): string {
  return `histogram_quantile(${q}, sum by (${[...by, "le"].join(", ")}) (rate(${bucket}[5m])))`;
}

/** PostgreSQL's limit on connections: the one that was set, or the one the server reports. */
export function connectionLimit(maxConnections: number | undefined): string {
  return maxConnections === undefined ? "max(pg_settings_max_connections)" : `vector(${maxConnections})`;
}

/** Filesystems that can fill up; what Docker binds into containers shows the same disk again. */
export const realFilesystems = 'fstype!~"tmpfs|overlay|squashfs|ramfs|devtmpfs|9p",mountpoint!~"/etc/.+"';
