import { memoryMetric } from "../alerts/services.ts";
import { orZero, quantile, ratio, realTraffic } from "../queries.ts";
import { isScraped, type MonitoredService, type MonitoringOptions, scrapesRole } from "../types.ts";
import { type Dashboard, lines, type Panel, type Row, stat } from "./model.ts";

/** Is everything well, and if not, which service: a row of numbers, the traffic, then each service. */
export function overview(services: readonly MonitoredService[], options: MonitoringOptions): Dashboard {
  const api = scrapesRole(services, "api");
  return {
    file: "overview.json",
    uid: "ragdock-overview",
    title: "Overview",
    rows: [
      { title: "At a glance", panels: [...health(services), ...(api ? trafficNumbers : [])] },
      ...(api ? [{ title: "Traffic", panels: trafficLines }] : []),
      ...services.filter(isWatched).map((service) => serviceRow(service, options)),
    ],
  };
}

function health(services: readonly MonitoredService[]): Panel[] {
  const probed = services.some((service) => service.blackbox);
  return [
    stat("Scraped", "sum(up) / count(up)", {
      unit: "percentunit",
      redBelow: 1,
      description: "Share of targets that give metrics.",
    }),
    ...(probed
      ? [
          stat("Answering", ratio("sum(probe_success)", "count(probe_success)"), {
            unit: "percentunit",
            redBelow: 1,
            description: "Share of services that answer when asked from outside.",
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
    [{ expr: orZero(`sum by (route) (rate(http_requests_total{${realTraffic}}[5m]))`), legend: "{{route}}" }],
    { unit: "reqps" },
  ),
  lines(
    "Errors by route",
    [
      {
        expr: orZero(`sum by (route, status) (rate(http_requests_total{${realTraffic},status=~"5.."}[5m]))`),
        legend: "{{route}} {{status}}",
      },
    ],
    { unit: "reqps" },
  ),
  lines(
    "Latency by route, p95",
    [
      {
        expr: orZero(quantile(0.95, `http_request_duration_seconds_bucket{${realTraffic}}`, ["route"])),
        legend: "{{route}}",
      },
    ],
    { unit: "s" },
  ),
];

function isWatched(service: MonitoredService): boolean {
  return isScraped(service) || service.blackbox !== undefined;
}

function serviceRow(service: MonitoredService, options: MonitoringOptions): Row {
  return {
    title: service.name,
    panels: [
      ...(isScraped(service) ? [up(service), ...ownMemory(service, options)] : []),
      ...(service.blackbox === undefined ? [] : answers(service)),
    ],
  };
}

function up({ name, metrics }: MonitoredService): Panel {
  const replicas = metrics?.replicas ?? 1;
  return stat("Targets up", orZero(`sum(up{service="${name}",job!~"probe-.+"})`), { redBelow: replicas });
}

/** Beside the limit, so that the distance shows. */
function ownMemory({ name, memoryLimitBytes }: MonitoredService, options: MonitoringOptions): Panel[] {
  const used = {
    expr: orZero(`max(${memoryMetric(options)}{service="${name}"})`),
    legend: "used",
  };
  const limit = { expr: `ragdock:memory_limit_bytes{service="${name}"}`, legend: "limit" };
  return [lines("Memory", memoryLimitBytes === undefined ? [used] : [used, limit], { unit: "bytes" })];
}

function answers({ name }: MonitoredService): Panel[] {
  return [
    stat("Answers", orZero(`min(probe_success{service="${name}"})`), { redBelow: 1 }),
    lines(
      "Time to answer",
      [{ expr: orZero(`max(probe_duration_seconds{service="${name}"})`), legend: "probe" }],
      {
        unit: "s",
      },
    ),
  ];
}
