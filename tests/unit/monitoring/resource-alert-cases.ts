import type { AlertCase } from "./alert-case.ts";

const disk = 'node_filesystem_avail_bytes{device="/dev/sda",mountpoint="/etc/hosts",service="node-exporter"}';
const started = 'container_start_time_seconds{service="api",name="api-1"}';
const cpu = 'container_cpu_usage_seconds_total{service="api",name="api-1"}';

/** Cases of the alerts on restarts, CPU, volumes and logs. */
export const resourceCases: readonly AlertCase[] = [
  {
    title: "a service that was restarted three times within an hour",
    series: { [started]: "100x9 700x9 1300x9 1900x20" },
    alert: "ServiceRestarting",
    at: 40,
    fires: [{ service: "api" }],
  },
  {
    title: "a service that was deployed twice within an hour",
    series: { [started]: "100x9 700x9 1300x30" },
    alert: "ServiceRestarting",
    at: 40,
    fires: [],
  },
  {
    title: "two processes of one service that answer in turn",
    series: { [started]: "100 160 100 160 100 160 100 160 100 160 100 160 100 160" },
    alert: "ServiceRestarting",
    at: 13,
    fires: [],
  },
  {
    title: "a service that uses 95 % of its CPU limit",
    series: { [cpu]: "0+57x40" },
    alert: "CpuNearLimit",
    at: 30,
    fires: [{ service: "api" }],
  },
  {
    title: "a service that uses half of its CPU limit",
    series: { [cpu]: "0+30x40" },
    alert: "CpuNearLimit",
    at: 30,
    fires: [],
  },
  {
    title: "a database that grows by a gigabyte an hour, with 10 GB left",
    series: {
      'pg_database_size_bytes{service="postgres-exporter"}': "0+16666667x400",
      [disk]: "10000000000x400",
    },
    alert: "VolumeFillsDisk",
    at: 390,
    fires: [{ service: "postgres" }],
  },
  {
    title: "a database that grows by a gigabyte an hour, with 100 GB left",
    series: {
      'pg_database_size_bytes{service="postgres-exporter"}': "0+16666667x400",
      [disk]: "100000000000x400",
    },
    alert: "VolumeFillsDisk",
    at: 390,
    fires: [],
  },
  {
    title: "logs that may grow beyond the free disk",
    series: { [disk]: "100000000x20" },
    alert: "LogsMayFillDisk",
    at: 15,
    fires: [{}],
  },
  {
    title: "a disk with room for all logs",
    series: { [disk]: "10000000000x20" },
    alert: "LogsMayFillDisk",
    at: 15,
    fires: [],
  },
];
