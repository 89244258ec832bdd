/** One alert, with the words that whoever is woken by it needs. */
export interface Alert {
  readonly name: string;
  /** `critical` wakes somebody, `warning` waits for the morning, `none` is for machines. */
  readonly severity: "critical" | "warning" | "none";
  readonly expr: string;
  /** How long it must hold before it fires. @default at once */
  readonly holds?: string;
  readonly summary: string;
  readonly description: string;
  /** What to do, in order. */
  readonly runbook: string;
}

/** Alerts that belong together; a rule group in Prometheus. */
export interface AlertGroup {
  readonly name: string;
  readonly alerts: readonly Alert[];
}

/** Bounds of the alerts. Where a bound came from stands with it. */
export const bounds = {
  /** Google's SRE workbook pages at burn rates that for a 99 % objective come to about this ratio. */
  errorRatio: 0.05,
  /** Seconds; an answer written by a language model takes some of them, a retrieval alone far below one. */
  latencyP95: 10,
  /** Seconds that a document may wait for the worker. */
  queueAge: 900,
  /** Questions without any chunk found. */
  emptyRatio: 0.3,
  /** Of max_connections: PostgreSQL refuses clients at 1, and keeps a few of them for superusers. */
  connections: 0.8,
  /** Of a memory limit: the kernel kills the process at 1 (exit code 137). */
  memory: 0.9,
  /** Seconds: a daily backup that takes up to two hours. */
  backupAge: 26 * 3600,
  /** Seconds: a weekly drill that may be a day late. */
  drillAge: 8 * 24 * 3600,
  /** Free share of a filesystem or of the host's memory. */
  free: 0.1,
} as const;
