import { orZero, realFilesystems } from "../queries.ts";
import { hasService, type MonitoredService, type MonitoringOptions } from "../types.ts";
import { type Dashboard, lines, type Row, stat } from "./model.ts";

/** The machine underneath and, with cAdvisor, each container on it. */
export function host(services: readonly MonitoredService[], options: MonitoringOptions): Dashboard {
  return {
    file: "host.json",
    uid: "ragdock-host",
    title: "Host and containers",
    rows: [
      ...(hasService(services, "node-exporter") ? [machine] : []),
      ...(options.containerMetrics ? [containers] : []),
      ...(hasService(services, "prometheus") ? [prometheus] : []),
    ],
  };
}

const cpuInUse = '1 - avg(rate(node_cpu_seconds_total{mode="idle"}[5m]))';
const memoryInUse = "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes";
const diskInUse = `max by (device) (1 - node_filesystem_avail_bytes{${realFilesystems}} / node_filesystem_size_bytes{${realFilesystems}})`;

const machine: Row = {
  title: "Host",
  panels: [
    stat("CPU", cpuInUse, { unit: "percentunit", redFrom: 0.9 }),
    stat("Memory", memoryInUse, { unit: "percentunit", redFrom: 0.9 }),
    stat("Fullest disk", `max(${diskInUse})`, { unit: "percentunit", redFrom: 0.9 }),
    stat("Load per CPU", 'node_load5 / count(node_cpu_seconds_total{mode="idle"}) without (cpu, mode)', {
      redFrom: 2,
    }),
    stat("Waiting for the disk", orZero("max(rate(node_pressure_io_waiting_seconds_total[5m]))"), {
      unit: "percentunit",
      redFrom: 0.5,
    }),
    stat("Killed for memory", orZero("sum(increase(node_vmstat_oom_kill[1h]))"), {
      redFrom: 1,
      description: "Processes that the kernel ended in the last hour: look for exit code 137.",
    }),
    lines(
      "CPU by mode",
      [{ expr: 'sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[5m]))', legend: "{{mode}}" }],
      { description: "In CPUs." },
    ),
    lines(
      "Network",
      [
        { expr: 'sum(rate(node_network_receive_bytes_total{device!="lo"}[5m]))', legend: "in" },
        { expr: 'sum(rate(node_network_transmit_bytes_total{device!="lo"}[5m]))', legend: "out" },
      ],
      { unit: "Bps" },
    ),
    lines("Disks", [{ expr: diskInUse, legend: "{{device}}" }], { unit: "percentunit" }),
  ],
};

const containers: Row = {
  title: "Containers",
  panels: [
    lines(
      "Memory",
      [{ expr: "sum by (service) (container_memory_working_set_bytes)", legend: "{{service}}" }],
      { unit: "bytes" },
    ),
    lines("CPU", [
      { expr: "sum by (service) (rate(container_cpu_usage_seconds_total[5m]))", legend: "{{service}}" },
    ]),
    lines("Starts in an hour", [
      { expr: orZero("sum by (service) (changes(container_start_time_seconds[1h]))"), legend: "{{service}}" },
    ]),
  ],
};

const prometheus: Row = {
  title: "Monitoring itself",
  panels: [
    lines("Series", [{ expr: "sum(prometheus_tsdb_head_series)", legend: "series" }]),
    lines("Stored", [{ expr: "sum(prometheus_tsdb_storage_blocks_bytes)", legend: "blocks" }], {
      unit: "bytes",
    }),
    lines("Slowest scrapes", [{ expr: "topk(5, scrape_duration_seconds)", legend: "{{service}}" }], {
      unit: "s",
    }),
  ],
};
