import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { shown } from "../../config/spec/content.ts";
import {
  alertGroups,
  dashboardQueries,
  renderAlertmanager,
  renderBlackbox,
  renderPrometheus,
  renderRules,
} from "../../monitoring/index.ts";
import { runToEnd, standIn } from "../support/docker.ts";
import type { AlertCase } from "../unit/monitoring/alert-case.ts";
import { alertCases } from "../unit/monitoring/alert-cases.ts";
import { options, services } from "../unit/monitoring/example.ts";

const alerts = alertGroups(services).flatMap((group) => group.alerts);

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ragdock-rules-"));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "rules.yml"), renderRules(services));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program of an image with the files of the folder. */
async function tool(image: "prometheus" | "alertmanager" | "blackbox-exporter", ...command: string[]) {
  const [program = "", ...args] = command;
  const mounts = ["-v", `${folder}:/etc/prometheus/rules:ro`, "--entrypoint", program];
  return runToEnd(await standIn(image), ["--network", "none", ...mounts], args);
}

const at = (file: string): string => `/etc/prometheus/rules/${file}`;

function promtoolTest({ title, series, alert, at: minute, fires }: AlertCase) {
  const rule = alerts.find(({ name }) => name === alert);
  return {
    name: title,
    interval: "1m",
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [
      {
        eval_time: `${minute}m`,
        alertname: alert,
        exp_alerts: fires.map((labels) => ({ exp_labels: { ...labels, severity: rule?.severity } })),
      },
    ],
  };
}

describe("the tools of Prometheus", () => {
  it("accept the configuration and the rules", async () => {
    writeFileSync(join(folder, "prometheus.yaml"), shown(renderPrometheus(services, options)));
    const { status, output } = await tool("prometheus", "promtool", "check", "config", at("prometheus.yaml"));
    expect(output).toContain("SUCCESS");
    expect(status, output).toBe(0);
  });

  it("accept every query of the dashboards", async () => {
    const rules = dashboardQueries(services).map(({ expr }, index) => ({
      record: `q:${index}`,
      expr,
    }));
    writeFileSync(join(folder, "queries.yaml"), stringify({ groups: [{ name: "queries", rules }] }));
    const { status, output } = await tool("prometheus", "promtool", "check", "rules", at("queries.yaml"));
    expect(output).toContain(`SUCCESS: ${rules.length} rules found`);
    expect(status, output).toBe(0);
  });

  it("accept Alertmanager's configuration", async () => {
    const secret = { ...options, alertWebhook: { url_file: "/run/secrets/alert-webhook" } };
    for (const one of [options, secret]) {
      writeFileSync(join(folder, "alertmanager.yaml"), renderAlertmanager(services, one));
      const file = at("alertmanager.yaml");
      const { status, output } = await tool("alertmanager", "amtool", "check-config", file);
      expect(status, output).toBe(0);
    }
  });

  it("accept the blackbox exporter's modules", async () => {
    writeFileSync(join(folder, "blackbox.yaml"), renderBlackbox());
    const check = ["blackbox_exporter", `--config.file=${at("blackbox.yaml")}`, "--config.check"];
    const { status, output } = await tool("blackbox-exporter", ...check);
    expect(status, output).toBe(0);
  });
});

describe("alerts over time", () => {
  it("all have a case in which they fire", () => {
    const set = new Set(alertCases.filter((c) => c.fires.length > 0).map((c) => c.alert));
    expect(set).toEqual(new Set(alerts.map((alert) => alert.name)));
  });

  it("fire only when they should", async () => {
    // promtool evaluates all rules of a file each minute of up to ten days, so each alert has its file.
    const files = alerts.map(({ name }) => {
      writeFileSync(join(folder, `rules-${name}.yaml`), onlyAlert(name, renderRules(services)));
      const tests = alertCases.filter(({ alert }) => alert === name).map(promtoolTest);
      const cases = { rule_files: [`rules-${name}.yaml`], evaluation_interval: "1m", tests };
      writeFileSync(join(folder, `cases-${name}.yaml`), stringify(cases));
      return at(`cases-${name}.yaml`);
    });
    const { status, output } = await tool("prometheus", "promtool", "test", "rules", ...files);
    expect(output.match(/SUCCESS/g)).toHaveLength(alerts.length);
    expect(status, output).toBe(0);
  });
});

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly annotations?: object;
}

/**
 * One alert, and the recording rules that it uses. promtool would also compare the rendered texts of
 * the alert. The check of the rules above also checks their templates.
 */
function onlyAlert(name: string, rules: string): string {
  const parsed: { groups: { name: string; rules: Rule[] }[] } = parse(rules);
  const all = parsed.groups.flatMap((group) => group.rules);
  const { annotations: _, ...alert } = all.find((rule) => rule.alert === name) as Rule;
  const used = all.filter(({ record }) => record !== undefined && alert.expr.includes(record));
  return stringify({ groups: [{ name, rules: [...used, alert] }] });
}
