import { lines, type Panel, type Row, stat } from "../../config/spec/monitoring.ts";
import { orZero, quantile, ratio, realTraffic } from "../../config/spec/promql.ts";
import type { LongRunning, ServiceSpec } from "../../config/spec/service.ts";
import { cpuMetric, isChecked, isScraped, memoryMetric, scrapesRole, starts } from "../options.ts";

/**
 * Rows with numbers that show whether everything works, with the traffic, and with each service.
 */
export function overviewRows(services: readonly ServiceSpec[]): Row[] {
  const api = scrapesRole(services, "api");
  const board = "overview";
  return [
    { board, title: "At a glance", panels: [...health(services), ...(api ? trafficNumbers : [])] },
    ...(api ? [{ board, title: "Traffic", panels: trafficLines } as const] : []),
    ...services
      .filter((s): s is LongRunning => isScraped(s) || isChecked(s))
      .map((s) => serviceRow(s, services)),
  ];
}

function health(services: readonly ServiceSpec[]): Panel[] {
  const probed = services.some(isChecked);
  return [
    stat("Scraped", "sum(up) / count(up)", {
      unit: "percentunit",
      redBelow: 1,
      description: "Share of targets that serve metrics.",
    }),
    ...(probed
      ? [
          stat("Answering", ratio("sum(probe_success)", "count(probe_success)"), {
            unit: "percentunit",
            redBelow: 1,
            description: "Share of services that answer the blackbox exporter.",
          }),
        ]
      : []),
    stat("Alerts firing", orZero('count(ALERTS{alertstate="firing",alertname!="Watchdog"})'), { redFrom: 1 }),
  ];
}

const trafficNumbers: readonly Panel[] = [
  stat("Requests", orZero(`sum(rate(http_requests_total{${realTraffic}}[5m]))`), { unit: "reqps" }),
  stat(
    "Errors",
    ratio(
      `sum(rate(http_requests_total{${realTraffic},status=~"5.."}[5m]))`,
      `sum(rate(http_requests_total{${realTraffic}}[5m]))`,
    ),
    { unit: "percentunit", redFrom: 0.05 },
  ),
  stat("Latency, p95", orZero(quantile(0.95, `http_request_duration_seconds_bucket{${realTraffic}}`)), {
    unit: "s",
    redFrom: 10,
  }),
];

const trafficLines: readonly Panel[] = [
  lines(
    "Requests by route",
    { "{{route}}": orZero(`sum by (route) (rate(http_requests_total{${realTraffic}}[5m]))`) },
    { unit: "reqps" },
  ),
  lines(
    "Errors by route",
    {
      "{{route}} {{status}}": orZero(
        `sum by (route, status) (rate(http_requests_total{${realTraffic},status=~"5.."}[5m]))`,
      ),
    },
    { unit: "reqps" },
  ),
  lines(
    "Latency by route, p95",
    {
      "{{route}}": orZero(quantile(0.95, `http_request_duration_seconds_bucket{${realTraffic}}`, ["route"])),
    },
    { unit: "s" },
  ),
];

const serviceRow = (service: LongRunning, services: readonly ServiceSpec[]): Row => ({
  board: "overview",
  title: service.name,
  panels: [
    ...(isScraped(service) ? [up(service), memory(service, services), ...work(service, services)] : []),
    ...(isChecked(service) ? answers(service) : []),
  ],
});

const up = ({ name, replicas }: LongRunning): Panel =>
  stat("Targets up", orZero(`sum(up{service="${name}",job!~"probe-.+"})`), { redBelow: replicas });

/** Shows used memory and the limit in one panel, so that the difference is visible. */
const memory = ({ name }: LongRunning, services: readonly ServiceSpec[]): Panel =>
  lines(
    "Memory",
    {
      used: orZero(`max(${memoryMetric(services)}{service="${name}"})`),
      limit: `ragdock:memory_limit_bytes{service="${name}"}`,
    },
    { unit: "bytes" },
  );

const work = ({ name }: LongRunning, services: readonly ServiceSpec[]): Panel[] => [
  lines("CPU", {
    used: orZero(`max(rate(${cpuMetric(services)}{service="${name}"}[5m]))`),
    limit: `ragdock:cpu_limit_cores{service="${name}"}`,
  }),
  stat("Restarts in the last hour", orZero(starts(services, `{service="${name}"}`)), { redFrom: 3 }),
];

const answers = ({ name }: LongRunning): Panel[] => [
  stat("Answers", orZero(`min(probe_success{service="${name}"})`), { redBelow: 1 }),
  lines("Time to answer", { check: orZero(`max(probe_duration_seconds{service="${name}"})`) }, { unit: "s" }),
];
