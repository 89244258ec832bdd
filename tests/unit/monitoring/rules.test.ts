import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { alertGroups, renderRules } from "../../../monitoring/index.ts";
import { options, services } from "./example.ts";

const alerts = alertGroups(services, options).flatMap((group) => group.alerts);
const named = (name: string) => alerts.find((alert) => alert.name === name);

describe("alerts", () => {
  it("are these", () => {
    expect(alerts.map((alert) => alert.name)).toEqual([
      "TargetDown",
      "ServiceUnhealthy",
      "MemoryNearLimit",
      "HighErrorRate",
      "HighLatencyP95",
      "IngestionBacklog",
      "IngestionFailing",
      "EmptyRetrievalsHigh",
      "PostgresDown",
      "PostgresConnectionsNearLimit",
      "RedisDown",
      "RedisMemoryHigh",
      "BackupTooOld",
      "DrillTooOld",
      "HostDiskAlmostFull",
      "HostMemoryLow",
      "AlertsNotDelivered",
      "PrometheusRuleFailures",
      "Watchdog",
    ]);
  });

  it.each(alerts)("$name says what it means and what to do", ({ summary, description, runbook }) => {
    for (const words of [summary, description, runbook]) expect(words.length).toBeGreaterThan(10);
  });

  it("miss a replicated service when its last replica is gone", () => {
    expect(named("TargetDown")?.expr).toContain('absent(up{service="api"})');
    expect(named("TargetDown")?.expr).not.toContain('service="worker"');
  });

  it("measure memory by container with cAdvisor and by process without", () => {
    const without = alertGroups(services, { ...options, containerMetrics: false });
    expect(named("MemoryNearLimit")?.expr).toContain("container_memory_working_set_bytes");
    expect(without[0]?.alerts[2]?.expr).toContain("process_resident_memory_bytes");
  });

  it("watch only what is there", () => {
    const few = alertGroups([{ name: "web", role: "ui", kind: "stateless" }], options);
    expect(few.flatMap((g) => g.alerts.map((a) => a.name))).toEqual([
      "TargetDown",
      "ServiceUnhealthy",
      "MemoryNearLimit",
      "PrometheusRuleFailures",
      "Watchdog",
    ]);
  });

  it("watch a store without an exporter by its probe", () => {
    const bare = services.filter((service) => service.role !== "exporter");
    const expr = alertGroups(bare, options)
      .flatMap((g) => g.alerts)
      .find((a) => a.name === "PostgresDown")?.expr;
    expect(expr).toBe('probe_success{service="postgres"} == 0');
  });
});

describe("renderRules", () => {
  it("records each memory limit, the jobs' too", () => {
    const [limits] = parse(renderRules(services, options)).groups;
    expect(limits.rules).toHaveLength(5);
    expect(limits.rules[0]).toEqual({
      record: "ragdock:memory_limit_bytes",
      expr: "vector(536870912)",
      labels: { service: "api" },
    });
  });

  it("gives every alert a severity", () => {
    const groups: { rules: { alert?: string; labels: { severity?: string } }[] }[] = parse(
      renderRules(services, options),
    ).groups;
    const severities = groups.flatMap((g) => g.rules).flatMap((r) => (r.alert ? [r.labels.severity] : []));
    expect(severities).toHaveLength(alerts.length);
    expect(new Set(severities)).toEqual(new Set(["critical", "warning", "none"]));
  });
});
