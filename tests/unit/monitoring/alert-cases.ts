/** What Prometheus' own rule tester is given: series over time, and the alerts that must or must not fire. */
export interface AlertCase {
  readonly title: string;
  /** In promtool's notation: `start+stepxtimes`, one value a minute. */
  readonly series: Readonly<Record<string, string>>;
  readonly alert: string;
  /** Minutes after the start. */
  readonly at: number;
  /** The labels of the alerts that fire then, without severity. */
  readonly fires: readonly Readonly<Record<string, string>>[];
}

const requests = 'http_requests_total{service="api",route="/api/query"';
const bucket = 'http_request_duration_seconds_bucket{service="api",route="/api/query"';
const disk = 'device="/dev/sda",fstype="ext4",mountpoint="/",service="node-exporter"}';

/** Each alert with a load that sets it off, and the neighbouring one that must not. */
export const alertCases: readonly AlertCase[] = [
  {
    title: "a target that is down",
    series: {
      'up{job="worker",service="worker",instance="worker:8001"}': "1x5 0x10",
      'up{service="api"}': "1x15",
    },
    alert: "TargetDown",
    at: 10,
    fires: [{ job: "worker", service: "worker", instance: "worker:8001" }],
  },
  {
    title: "a target that was down for a minute",
    series: { 'up{job="worker",service="worker"}': "1x5 0x0 1x10", 'up{service="api"}': "1x15" },
    alert: "TargetDown",
    at: 8,
    fires: [],
  },
  {
    title: "a replicated service without any replica",
    series: { 'up{service="worker"}': "1x10" },
    alert: "TargetDown",
    at: 5,
    fires: [{ service: "api" }],
  },
  {
    title: "a service that does not answer",
    series: { 'probe_success{service="ui",instance="http://ui:8501"}': "1x3 0x10" },
    alert: "ServiceUnhealthy",
    at: 8,
    fires: [{ service: "ui", instance: "http://ui:8501" }],
  },
  {
    title: "a container near its limit",
    series: { 'container_memory_working_set_bytes{service="api"}': "500000000x20" },
    alert: "MemoryNearLimit",
    at: 10,
    fires: [{ service: "api" }],
  },
  {
    title: "a container at half its limit",
    series: { 'container_memory_working_set_bytes{service="api"}': "250000000x20" },
    alert: "MemoryNearLimit",
    at: 10,
    fires: [],
  },
  {
    title: "one request in ten failing",
    series: { [`${requests},status="200"}`]: "0+90x20", [`${requests},status="500"}`]: "0+10x20" },
    alert: "HighErrorRate",
    at: 15,
    fires: [{ service: "api" }],
  },
  {
    title: "one request in a hundred failing",
    series: { [`${requests},status="200"}`]: "0+99x20", [`${requests},status="500"}`]: "0+1x20" },
    alert: "HighErrorRate",
    at: 15,
    fires: [],
  },
  {
    title: "failing requests of probes only",
    series: { 'http_requests_total{service="api",route="/api/health",status="500"}': "0+10x20" },
    alert: "HighErrorRate",
    at: 15,
    fires: [],
  },
  {
    title: "answers that take half a minute",
    series: {
      [`${bucket},le="10"}`]: "0x30",
      [`${bucket},le="30"}`]: "0+10x30",
      [`${bucket},le="+Inf"}`]: "0+10x30",
    },
    alert: "HighLatencyP95",
    at: 20,
    fires: [{ service: "api" }],
  },
  {
    title: "answers within a second",
    series: {
      [`${bucket},le="1"}`]: "0+10x30",
      [`${bucket},le="10"}`]: "0+10x30",
      [`${bucket},le="+Inf"}`]: "0+10x30",
    },
    alert: "HighLatencyP95",
    at: 20,
    fires: [],
  },
  {
    title: "documents that wait for an hour, told by two API processes",
    series: {
      'rag_queue_oldest_age_seconds{instance="a"}': "0+60x60",
      'rag_queue_oldest_age_seconds{instance="b"}': "0+60x60",
    },
    alert: "IngestionBacklog",
    at: 30,
    fires: [{}],
  },
  {
    title: "a document that failed",
    series: {
      'rag_ingestions_total{outcome="failed"}': "0x5 1x20",
      'rag_ingestions_total{outcome="ready"}': "0+1x25",
    },
    alert: "IngestionFailing",
    at: 10,
    fires: [{}],
  },
  {
    title: "documents that went in",
    series: {
      'rag_ingestions_total{outcome="failed"}': "3x25",
      'rag_ingestions_total{outcome="ready"}': "0+1x25",
    },
    alert: "IngestionFailing",
    at: 10,
    fires: [],
  },
  {
    title: "half of the questions finding nothing",
    series: { rag_empty_retrievals_total: "0+1x60", rag_retrieved_chunks_count: "0+2x60" },
    alert: "EmptyRetrievalsHigh",
    at: 50,
    fires: [{}],
  },
  {
    title: "the only two questions of an hour finding nothing",
    series: { rag_empty_retrievals_total: "0x20 2x40", rag_retrieved_chunks_count: "0x20 2x40" },
    alert: "EmptyRetrievalsHigh",
    at: 40,
    fires: [],
  },
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
    title: "Redis that does not answer its probe",
    series: { 'probe_success{service="redis"}': "0x10" },
    alert: "RedisDown",
    at: 5,
    fires: [{ service: "redis" }],
  },
  {
    title: "a full Redis with nothing to drop",
    series: {
      'redis_memory_used_bytes{instance="r"}': "95x20",
      'redis_memory_max_bytes{instance="r"}': "100x20",
      'redis_db_keys{instance="r",db="db0"}': "1000x20",
      'redis_db_keys_expiring{instance="r",db="db0"}': "10x20",
    },
    alert: "RedisMemoryHigh",
    at: 10,
    fires: [{ instance: "r" }],
  },
  {
    title: "a full Redis that is a cache",
    series: {
      'redis_memory_used_bytes{instance="r"}': "95x20",
      'redis_memory_max_bytes{instance="r"}': "100x20",
      'redis_db_keys{instance="r",db="db0"}': "1000x20",
      'redis_db_keys_expiring{instance="r",db="db0"}': "990x20",
    },
    alert: "RedisMemoryHigh",
    at: 10,
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
    fires: [{ device: "/dev/sda", fstype: "ext4", mountpoint: "/", service: "node-exporter" }],
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
    title: "an alert that reached nobody",
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
