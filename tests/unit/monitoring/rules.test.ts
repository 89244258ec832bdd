import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { alertGroups, renderRules } from "../../../monitoring/index.ts";
import { systemWith } from "../../support/program.ts";
import { lone, services } from "./example.ts";

const alerts = alertGroups(services).flatMap((group) => group.alerts);
const named = (name: string) => alerts.find((alert) => alert.name === name);

describe("alerts", () => {
  it("are complete", () => {
    expect(alerts.map((alert) => alert.name)).toEqual([
      "TargetDown",
      "ServiceUnhealthy",
      "MemoryNearLimit",
      "ServiceRestarting",
      "CpuNearLimit",
      "VolumeFillsDisk",
      "LogsMayFillDisk",
      "HighErrorRate",
      "HighLatencyP95",
      "IngestionBacklog",
      "EmptyRetrievalsHigh",
      "IngestionFailing",
      "DenialsHigh",
      "ApiKeyExpiresSoon",
      "CertificateExpires",
      "CertificateExpiresSoon",
      "CertificateRenewalFails",
      "CertificateMissing",
      "PrometheusRuleFailures",
      "Watchdog",
      "AlertsNotDelivered",
      "HostDiskAlmostFull",
      "HostMemoryLow",
      "BackupTooOld",
      "DrillTooOld",
      "PostgresDown",
      "PostgresConnectionsNearLimit",
      "RedisDown",
      "RedisMemoryHigh",
      "ContainerMetricsMissing",
    ]);
  });

  it.each(alerts)("$name has a summary, a description and a runbook", ({ summary, description, runbook }) => {
    expect(summary).toMatch(/^[A-Z{].*[^.]$/);
    for (const sentences of [description, runbook]) expect(sentences).toMatch(/^[A-Z`{].*\.$/s);
    expect(new Set([summary, description, runbook]).size).toBe(3);
  });

  it("report a replicated service that has no running replica", () => {
    expect(named("TargetDown")?.expr).toContain('absent(up{service="api"})');
    expect(named("TargetDown")?.expr).not.toContain('service="worker"');
  });

  it("measure memory per container with cAdvisor, and per process without it", () => {
    const without = alertGroups(services.filter(({ name }) => name !== "cadvisor"));
    expect(named("MemoryNearLimit")?.expr).toContain("container_memory_working_set_bytes");
    expect(without[0]?.alerts[2]?.expr).toContain("process_resident_memory_bytes");
  });

  it.each([
    ["m31", []],
    ["rag-events", ["EmptyRetrievalsHigh"]],
    ["financerag", ["EmptyRetrievalsHigh", "IngestionFailing"]],
    ["myrag", ["EmptyRetrievalsHigh", "IngestionFailing"]],
    ["full", ["IngestionBacklog", "EmptyRetrievalsHigh", "IngestionFailing"]],
  ])("of %s watch only metrics that its applications have", (system, expected) => {
    const names = alertGroups(systemWith({ system }).services).flatMap((g) => g.alerts.map((a) => a.name));
    expect(names.filter((name) => /^(Ingestion|EmptyRetrievals)/.test(name))).toEqual(expected);
  });

  it("are in groups of different names, as Prometheus requires", () => {
    const names = alertGroups(services).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("cover only existing services", () => {
    const few = alertGroups(lone);
    expect(few.flatMap((g) => g.alerts.map((a) => a.name))).toEqual([
      "TargetDown",
      "ServiceUnhealthy",
      "MemoryNearLimit",
      "ServiceRestarting",
      "CpuNearLimit",
    ]);
  });

  it("cover a store without an exporter through the blackbox exporter", () => {
    const bare = systemWith({ services: { "postgres-exporter": { enabled: false } } });
    const expr = alertGroups(bare.services)
      .flatMap((g) => g.alerts)
      .find((a) => a.name === "PostgresDown")?.expr;
    expect(expr).toBe('probe_success{service="postgres"} == 0');
  });
});

describe("renderRules", () => {
  interface Recorded {
    readonly record: string;
    readonly expr: string;
    readonly labels: { readonly service: string };
  }

  it.each([
    ["memory_limit_bytes", "vector(536870912)"],
    ["cpu_limit_cores", "vector(1)"],
    // Two replicas with three files of 10 MiB each.
    ["log_limit_bytes", "vector(62914560)"],
  ])("records each %s, including jobs", (name, expr) => {
    const [limits] = parse(renderRules(services)).groups;
    const record = `ragdock:${name}`;
    const rules = (limits.rules as Recorded[]).filter((rule) => rule.record === record);
    const limited = rules.map(({ labels }) => labels.service);
    expect(limited).toEqual(services.map((service) => service.name));
    expect(limited).toContain("migrate");
    expect(rules[limited.indexOf("api")]).toEqual({ record, expr, labels: { service: "api" } });
  });

  it("records the size of the data of each store that has an exporter, of Prometheus, and of applications", () => {
    const group = parse(renderRules(services)).groups.find((g: { name: string }) => g.name === "sizes");
    const sizes = (group.rules as Recorded[]).map(({ expr, labels }) => [labels.service, expr]);
    expect(sizes).toEqual([
      ["postgres", 'sum(pg_database_size_bytes{service="postgres-exporter"})'],
      ["redis", 'sum(redis_aof_current_size_bytes{service="redis-exporter"})'],
      ["prometheus", expect.stringContaining("prometheus_tsdb_wal_storage_size_bytes")],
    ]);
    expect(renderRules(lone)).not.toContain("volume_bytes");
    expect(renderRules(systemWith({ system: "rag-events" }).services)).toContain(
      `max(rag_data_bytes{service="api"})`,
    );
  });

  it("gives every alert a severity", () => {
    const groups: { rules: { alert?: string; labels: { severity?: string } }[] }[] = parse(
      renderRules(services),
    ).groups;
    const severities = groups.flatMap((g) => g.rules).flatMap((r) => (r.alert ? [r.labels.severity] : []));
    expect(severities).toHaveLength(alerts.length);
    expect(new Set(severities)).toEqual(new Set(["critical", "warning", "none"]));
  });
});
