import type { AlertCase } from "./alert-case.ts";

const disk = 'device="/dev/sda",fstype="ext4",mountpoint="/etc/hosts",service="node-exporter"}';
const redis = 'instance="r",service="redis-exporter"}';

/** Cases of the alerts on databases, the host, backups and monitoring itself. */
export const infrastructureCases: readonly AlertCase[] = [
  {
    title: "PostgreSQL that its exporter cannot reach",
    series: { 'pg_up{service="postgres-exporter"}': "1x3 0x10" },
    alert: "PostgresDown",
    at: 8,
    fires: [{ service: "postgres-exporter" }],
  },
  {
    title: "90 of 100 connections in use, over two databases",
    series: {
      'pg_stat_database_numbackends{datname="a"}': "60x20",
      'pg_stat_database_numbackends{datname="b"}': "30x20",
    },
    alert: "PostgresConnectionsNearLimit",
    at: 10,
    fires: [{}],
  },
  {
    title: "Redis that does not answer its exporter",
    series: { 'redis_up{service="redis-exporter"}': "0x10" },
    alert: "RedisDown",
    at: 5,
    fires: [{ service: "redis-exporter" }],
  },
  {
    title: "a full Redis with nothing to drop",
    series: {
      [`redis_memory_used_bytes{${redis}`]: "95x20",
      [`redis_memory_max_bytes{${redis}`]: "100x20",
      'redis_db_keys{instance="r",db="db0"}': "1000x20",
      'redis_db_keys_expiring{instance="r",db="db0"}': "10x20",
    },
    alert: "RedisMemoryHigh",
    at: 10,
    fires: [{ instance: "r", service: "redis-exporter" }],
  },
  {
    title: "a full Redis that is a cache",
    series: {
      [`redis_memory_used_bytes{${redis}`]: "95x20",
      [`redis_memory_max_bytes{${redis}`]: "100x20",
      'redis_db_keys{instance="r",db="db0"}': "1000x20",
      'redis_db_keys_expiring{instance="r",db="db0"}': "990x20",
    },
    alert: "RedisMemoryHigh",
    at: 10,
    fires: [],
  },
  {
    title: "cAdvisor that reads no container",
    series: { 'container_memory_working_set_bytes{id="/"}': "1x30" },
    alert: "ContainerMetricsMissing",
    at: 15,
    fires: [{}],
  },
  {
    title: "cAdvisor that reads one container",
    series: { 'container_memory_working_set_bytes{name="api"}': "1x30" },
    alert: "ContainerMetricsMissing",
    at: 15,
    fires: [],
  },
  {
    title: "a disk that is 95 % full",
    series: {
      [`node_filesystem_avail_bytes{${disk}`]: "5x20",
      [`node_filesystem_size_bytes{${disk}`]: "100x20",
    },
    alert: "HostDiskAlmostFull",
    at: 15,
    fires: [{ device: "/dev/sda", fstype: "ext4", mountpoint: "/etc/hosts", service: "node-exporter" }],
  },
  {
    title: "a host with a twentieth of its memory left",
    series: { node_memory_MemAvailable_bytes: "5x20", node_memory_MemTotal_bytes: "100x20" },
    alert: "HostMemoryLow",
    at: 10,
    fires: [{}],
  },
  {
    title: "a backup of the day before yesterday",
    series: { ragdock_backup_last_success_timestamp_seconds: "0x1700" },
    alert: "BackupTooOld",
    at: 1650,
    fires: [{}],
  },
  {
    title: "a backup of yesterday",
    series: { ragdock_backup_last_success_timestamp_seconds: "0x1700" },
    alert: "BackupTooOld",
    at: 1500,
    fires: [],
  },
  {
    title: "production without any backup",
    series: {},
    alert: "BackupTooOld",
    at: 65,
    fires: [{}],
  },
  {
    title: "a drill of ten days ago",
    series: { ragdock_backup_last_drill_success_timestamp_seconds: "0x14400" },
    alert: "DrillTooOld",
    at: 14000,
    fires: [{}],
  },
  {
    title: "an alert that was not delivered",
    series: { 'alertmanager_notifications_failed_total{integration="webhook"}': "0x5 3x10" },
    alert: "AlertsNotDelivered",
    at: 8,
    fires: [{}],
  },
  {
    title: "a rule that fails",
    series: { 'prometheus_rule_evaluation_failures_total{rule_group="rag"}': "0+1x10" },
    alert: "PrometheusRuleFailures",
    at: 5,
    fires: [{ rule_group: "rag" }],
  },
  { title: "nothing at all", series: {}, alert: "Watchdog", at: 1, fires: [{}] },
];
