import { connectionLimit, orZero, ratio } from "../queries.ts";
import { hasService, type MonitoredService, type MonitoringOptions } from "../types.ts";
import { type Dashboard, lines, type Row, stat } from "./model.ts";

/** PostgreSQL, Redis, Chroma and the gateway's connections, as far as there are any. */
export function stores(services: readonly MonitoredService[], options: MonitoringOptions): Dashboard {
  const rows = [
    ...(hasService(services, "postgres-exporter") ? [postgres(options)] : []),
    ...(hasService(services, "redis-exporter") ? [redis] : []),
    ...services.filter(({ role, blackbox }) => role === "chroma" && blackbox).map(chroma),
    ...(hasService(services, "nginx-exporter") ? [gateway] : []),
  ];
  return { file: "stores.json", uid: "ragdock-stores", title: "Stores", rows };
}

function postgres({ maxConnections }: MonitoringOptions): Row {
  return {
    title: "PostgreSQL",
    panels: [
      stat("Up", "min(pg_up)", { redBelow: 1 }),
      stat("Size", "sum(pg_database_size_bytes)", { unit: "bytes" }),
      stat("Cache hits", ratio("sum(rate(pg_stat_database_blks_hit[5m]))", blocksRead), {
        unit: "percentunit",
        description: "Blocks found in shared buffers. Low, with a large database: raise shared_buffers.",
      }),
      stat("Deadlocks", orZero("sum(increase(pg_stat_database_deadlocks[1h]))"), {
        redFrom: 1,
        description: "In the last hour.",
      }),
      stat("Longest transaction", orZero("max(pg_stat_activity_max_tx_duration)"), {
        unit: "s",
        redFrom: 300,
      }),
      stat("Write-ahead log", orZero("max(pg_wal_size_bytes)"), { unit: "bytes" }),
      lines("Connections", [
        { expr: "sum by (state) (pg_stat_activity_count) > 0", legend: "{{state}}" },
        { expr: connectionLimit(maxConnections), legend: "limit" },
      ]),
      lines(
        "Transactions",
        [
          { expr: orZero("sum(rate(pg_stat_database_xact_commit[5m]))"), legend: "committed" },
          { expr: orZero("sum(rate(pg_stat_database_xact_rollback[5m]))"), legend: "rolled back" },
        ],
        { unit: "ops" },
      ),
      lines(
        "Rows",
        [
          { expr: orZero("sum(rate(pg_stat_database_tup_fetched[5m]))"), legend: "fetched" },
          { expr: orZero("sum(rate(pg_stat_database_tup_inserted[5m]))"), legend: "inserted" },
          { expr: orZero("sum(rate(pg_stat_database_tup_deleted[5m]))"), legend: "deleted" },
        ],
        { unit: "ops" },
      ),
    ],
  };
}

const blocksRead = "sum(rate(pg_stat_database_blks_hit[5m])) + sum(rate(pg_stat_database_blks_read[5m]))";

const redis: Row = {
  title: "Redis",
  panels: [
    stat("Up", "min(redis_up)", { redBelow: 1 }),
    stat("Clients", "sum(redis_connected_clients)"),
    stat("Keys", orZero("sum(redis_db_keys)")),
    stat("Dropped keys", orZero("sum(increase(redis_evicted_keys_total[1h]))"), {
      description: "In the last hour, to make room: normal for a full cache.",
    }),
    stat(
      "Cache hits",
      ratio(
        "sum(rate(redis_keyspace_hits_total[5m]))",
        "sum(rate(redis_keyspace_hits_total[5m])) + sum(rate(redis_keyspace_misses_total[5m]))",
      ),
      { unit: "percentunit" },
    ),
    stat("Unsaved changes", orZero("sum(redis_rdb_changes_since_last_save)")),
    lines(
      "Memory",
      [
        { expr: "sum(redis_memory_used_bytes)", legend: "used" },
        { expr: "sum(redis_memory_used_rss_bytes)", legend: "resident" },
        { expr: "sum(redis_memory_max_bytes)", legend: "maxmemory" },
      ],
      { unit: "bytes", width: 12 },
    ),
    lines(
      "Commands",
      [{ expr: orZero("sum(rate(redis_commands_processed_total[5m]))"), legend: "commands" }],
      {
        unit: "ops",
        width: 12,
      },
    ),
  ],
};

function chroma({ name }: MonitoredService): Row {
  return {
    title: "Chroma",
    panels: [
      stat("Answers", orZero(`min(probe_success{service="${name}"})`), { redBelow: 1 }),
      lines(
        "Heartbeat",
        [{ expr: orZero(`max(probe_duration_seconds{service="${name}"})`), legend: "time" }],
        {
          unit: "s",
          width: 20,
        },
      ),
    ],
  };
}

const gateway: Row = {
  title: "Gateway",
  panels: [
    stat("Up", orZero("min(nginx_up)"), { redBelow: 1 }),
    // An edge asks before each request, and nginx counts both.
    lines(
      "Requests",
      [{ expr: orZero("sum(rate(nginx_http_requests_total[5m])) / 2"), legend: "requests" }],
      {
        unit: "reqps",
        width: 10,
      },
    ),
    lines(
      "Connections",
      [
        { expr: orZero("sum(nginx_connections_active)"), legend: "active" },
        { expr: orZero("sum(nginx_connections_waiting)"), legend: "idle" },
      ],
      { width: 10 },
    ),
  ],
};
