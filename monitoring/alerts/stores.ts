import { connectionLimit } from "../queries.ts";
import { hasService, type MonitoredService, type MonitoringOptions, ofRole } from "../types.ts";
import { type Alert, type AlertGroup, bounds } from "./alert.ts";

/** Whether the stores are there and have room. */
export function storeAlerts(services: readonly MonitoredService[], options: MonitoringOptions): AlertGroup[] {
  const alerts = [...postgresAlerts(services, options), ...redisAlerts(services)];
  return alerts.length === 0 ? [] : [{ name: "stores", alerts }];
}

function postgresAlerts(services: readonly MonitoredService[], options: MonitoringOptions): Alert[] {
  const exported = hasService(services, "postgres-exporter");
  const store = ofRole(services, "postgres");
  const down = storeDown(store, exported ? "pg_up" : undefined);
  if (store === undefined || down === undefined) return [];
  const alerts: Alert[] = [
    {
      name: "PostgresDown",
      severity: "critical",
      expr: down,
      holds: "1m",
      summary: "PostgreSQL does not answer",
      description: "Nothing can be asked or ingested while the database is down. Its data is on its volume.",
      runbook:
        `Read \`make logs SERVICE=${store.name}\`. After a crash it recovers by itself: give it time, do not kill it. A full ` +
        "disk: free space first. A refused password: the volume is older than the secret; rotate the password.",
    },
  ];
  if (!exported) return alerts;
  return [
    ...alerts,
    {
      name: "PostgresConnectionsNearLimit",
      severity: "warning",
      expr: `sum(pg_stat_database_numbackends) / ${connectionLimit(options.maxConnections)} > ${bounds.connections}`,
      holds: "5m",
      summary: "PostgreSQL has {{ $value | humanizePercentage }} of its connections in use",
      description: "At the limit PostgreSQL refuses new clients, and requests fail with 503.",
      runbook:
        "The pools of all replicas together must stay below max_connections: lower the pool size or the number of " +
        "replicas. Connections `idle in transaction` (panel `Connections`) are a leak in whoever holds them.",
    },
  ];
}

function redisAlerts(services: readonly MonitoredService[]): Alert[] {
  const exported = hasService(services, "redis-exporter");
  const store = ofRole(services, "redis");
  const down = storeDown(store, exported ? "redis_up" : undefined);
  if (store === undefined || down === undefined) return [];
  const alerts: Alert[] = [
    {
      name: "RedisDown",
      severity: "critical",
      expr: down,
      holds: "1m",
      summary: "Redis does not answer",
      description:
        "Without Redis the worker is not told of new documents, and query embeddings are not cached.",
      runbook:
        `Read \`make logs SERVICE=${store.name}\`. While it loads its append-only file it answers nobody: wait. Out of memory ` +
        "(exit code 137): raise its limit.",
    },
  ];
  return exported ? [...alerts, redisMemory(store)] : alerts;
}

/** A cache fills its memory by design: what counts is whether there is still something it may drop. */
function redisMemory({ name, memoryLimitBytes: limit }: MonitoredService): Alert {
  const nothingToDrop =
    `redis_memory_used_bytes / (redis_memory_max_bytes > 0) > ${bounds.memory}\n` +
    "and on (instance) sum by (instance) (redis_db_keys_expiring) <= 0.1 * sum by (instance) (redis_db_keys)";
  const nearLimit = `redis_memory_used_rss_bytes / ${limit} > ${bounds.memory}`;
  return {
    name: "RedisMemoryHigh",
    severity: "warning",
    expr: limit === undefined ? nothingToDrop : `(${nothingToDrop})\nor (${nearLimit})`,
    holds: "5m",
    summary: "Redis has {{ $value | humanizePercentage }} of its memory in use",
    description:
      "Redis is full and can hardly drop anything, so that it refuses writes, or its process is near the container's " +
      "limit, so that the kernel may kill it.",
    runbook:
      `Raise \`services.${name}.limits.memory\` in the stack's settings. Keys without a time to live are the queue: a long one ` +
      "means that the worker is not at work.",
  };
}

/** Down is what the exporter says or, without one, the probe; undefined when neither looks. */
function storeDown(store: MonitoredService | undefined, upMetric: string | undefined): string | undefined {
  const says = [
    ...(upMetric === undefined ? [] : [`${upMetric} == 0`]),
    ...(store?.blackbox ? [`probe_success{service="${store.name}"} == 0`] : []),
  ];
  return says.length === 0 ? undefined : says.join("\nor ");
}
