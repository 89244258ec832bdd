import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { shown } from "../../config/spec/content.ts";
import type { Alert } from "../../config/spec/monitoring.ts";
import { longRunning, type SystemSpec } from "../../config/spec/service.ts";
import type { SystemName } from "../../config/systems/index.ts";
import { projectDir } from "../../host/paths.ts";
import { alertGroups, dashboardQueries } from "../../monitoring/index.ts";
import { type Parts, table } from "../markdown.ts";
import { specOf, systemNames } from "./specs.ts";

/** The systems that have Prometheus in prod. */
const watched: readonly (readonly [SystemName, SystemSpec])[] = systemNames
  .map((name) => [name, specOf(name, "prod")] as const)
  .filter(([, { services }]) => services.some(({ name }) => name === "prometheus"));

/**
 * Returns the targets, dashboards and alerts of all systems, and the metrics of the applications.
 */
export const metricsPage = (): Parts => ({
  monitoring: table(
    ["system", "Alertmanager"],
    watched.map(([name, { services }]) => [
      `\`${name}\``,
      services.some((s) => s.name === "alertmanager") ? "yes" : "no",
    ]),
  ),
  alerts: alertSections().join("\n\n"),
  targets: table(["service", "port", "path", "systems"], targets()),
  metrics: table(["metric", "type", "labels", "meaning"], applicationMetrics()),
  dashboards: table(["dashboard", "row", "panels"], panels()),
});

const list = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");

/** Returns a section for each alert, with all systems that have it. */
function alertSections(): string[] {
  const found = watched.flatMap(([system, { services }]) =>
    alertGroups(services).flatMap(({ alerts }) => alerts.map((alert) => ({ system, alert }))),
  );
  const alerts = [...Map.groupBy(found, ({ alert }) => alert.name).values()].map((same) => ({
    alert: (same[0] as (typeof found)[number]).alert,
    systems: [...new Set(same.map(({ system }) => system))],
  }));
  const rows = alerts.map(({ alert: { name, severity, holds, summary } }) => [
    `[${name}](#${name.toLowerCase()})`,
    severity,
    holds ?? "at once",
    readable(summary),
  ]);
  return [table(["alert", "severity", "after", "says"], rows), ...alerts.flatMap(section)];
}

function section({
  alert,
  systems,
}: {
  readonly alert: Alert;
  readonly systems: readonly string[];
}): string[] {
  const where = systems.length === watched.length ? "all" : list(systems);
  return [
    `### ${alert.name}`,
    `Severity: ${alert.severity}. Systems: ${where}.`,
    readable(alert.description),
    `**What to do.** ${readable(alert.runbook)}`,
    `The expression in \`${systems[0]}\`${alert.holds ? `, which must hold for ${alert.holds}` : ""}:`,
    ["```promql", alert.expr, "```"].join("\n"),
  ];
}

/** Replaces Prometheus' templates in a text by placeholders. */
const readable = (text: string): string =>
  text
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, "<$1>")
    .replaceAll(/\{\{ \$value[^}]*\}\}/g, "<value>")
    .replaceAll(/(`[^`]*`)|<(\w+)>/g, (_, code?: string, name?: string) => code ?? `\\<${name}>`);

function targets(): string[][] {
  const all = watched.flatMap(([system, { services }]) =>
    longRunning(services).flatMap(({ name, metrics }) =>
      metrics ? [{ system, cells: [`\`${name}\``, String(metrics.port), `\`${shown(metrics.path)}\``] }] : [],
    ),
  );
  return [...Map.groupBy(all, ({ cells }) => cells.join())].map(([, same]) => [
    ...(same[0]?.cells ?? []),
    same.map(({ system }) => system).join(", "),
  ]);
}

/** Matches a metric's declaration in the Python sources: its type, name, help and labels. */
const declaration =
  /\b(Counter|Gauge|Histogram)(?:MetricFamily)?\(\s*"([a-z]\w+)",\s*f?"([^"]+)"(?:,\s*(?:labels=)?\[([^\]]*)\])?/g;

function applicationMetrics(): string[][] {
  const files = globSync(["app/{library/ragkit,ragapp}/**/*.py", "systems/**/*.py"], { cwd: projectDir });
  const rows = files.flatMap((file) =>
    [...readFileSync(join(projectDir, file), "utf8").matchAll(declaration)].map(
      ([, type = "", name = "", help = "", labels = ""]) => [
        `\`${name}${type === "Counter" ? "_total" : ""}\``,
        type.toLowerCase(),
        labels.replaceAll('"', ""),
        help.replace("{things}", "Documents"),
      ],
    ),
  );
  return rows.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
}

/** Returns the panels of each dashboard row. */
function panels(): string[][] {
  const { services } = specOf("full", "prod");
  const queries = dashboardQueries(services).map(({ dashboard, panel }) => {
    const [row = "", title = ""] = panel.split(": ");
    return {
      dashboard,
      row: services.some(({ name }) => name === row) ? "one row for each service" : row,
      title,
    };
  });
  return [...Map.groupBy(queries, ({ dashboard, row }) => `${dashboard}/${row}`).values()].map((same) => [
    same[0]?.dashboard ?? "",
    same[0]?.row ?? "",
    [...new Set(same.map(({ title }) => title))].join("; "),
  ]);
}
