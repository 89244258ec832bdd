import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { shown } from "../../../config/spec/content.ts";
import { secretsOf } from "../../../config/spec/secrets.ts";
import type { LongRunning, ServiceSpec } from "../../../config/spec/service.ts";
import { renderAlertmanager, renderBlackbox, renderPrometheus } from "../../../monitoring/index.ts";
import { serviceOf, systemWith } from "../../support/program.ts";
import { lone, options, services } from "./example.ts";

interface Job {
  job_name: string;
  metrics_path: string;
  params?: { module: string[] };
  static_configs?: { targets: string[]; labels?: { service: string } }[];
  dns_sd_configs?: { names: string[]; type: string; port: number }[];
  relabel_configs: { target_label: string; replacement?: string }[];
  metric_relabel_configs?: { regex: string }[];
}

const jobs = (of: readonly ServiceSpec[] = services): Job[] =>
  parse(shown(renderPrometheus(of, options))).scrape_configs;
const job = (name: string): Job | undefined => jobs().find((j) => j.job_name === name);

describe("renderPrometheus", () => {
  it("scrapes a single replica as a fixed target, so that its loss shows as up 0", () => {
    expect(job("worker")).toEqual({
      job_name: "worker",
      metrics_path: "/metrics",
      static_configs: [{ targets: ["worker:8001"] }],
      relabel_configs: [{ target_label: "service", replacement: "worker" }],
    });
  });

  it("scrapes each of several replicas", () => {
    expect(job("api")?.dns_sd_configs).toEqual([
      { names: ["api"], type: "A", port: 8000, refresh_interval: "5s" },
    ]);
  });

  it("checks each service with a blackbox module through the exporter", () => {
    const checked = (name: string) =>
      job(name)?.static_configs?.map((s) => [s.labels?.service, s.targets[0]]);
    expect(checked("probe-http_2xx")).toEqual([
      ["chroma", "http://chroma:8000/api/v2/heartbeat"],
      ["api", "http://api:8000/api/health"],
      ["ui", "http://ui:8501/_stcore/health"],
      ["auth", "http://auth:8000/healthz"],
      ["gateway", "http://gateway:8081/healthz"],
    ]);
    expect(checked("probe-tls_connect")).toEqual([["ingress", "ingress:8080"]]);
  });

  it("checks the port of a store only if no exporter watches it", () => {
    const off = Object.fromEntries(
      ["postgres-exporter", "redis-exporter"].map((name) => [name, { enabled: false }]),
    );
    const unwatched = jobs(systemWith({ services: off }).services);
    const check = unwatched.find((j) => j.job_name === "probe-tcp_connect");
    expect(check?.static_configs?.map((s) => [s.labels?.service, s.targets[0]])).toEqual([
      ["postgres", "postgres:5432"],
      ["redis", "redis:6379"],
    ]);
    expect(check?.params).toEqual({ module: ["tcp_connect"] });
    expect(job("probe-tcp_connect")).toBeUndefined();
  });

  it("checks no service if there is no blackbox exporter, and sends no alert if there is no Alertmanager", () => {
    const config = parse(shown(renderPrometheus(lone, options)));
    expect(config.scrape_configs).toEqual([]);
    expect(config).not.toHaveProperty("alerting");
  });

  it("keeps only this stack's containers of cAdvisor", () => {
    const keep = new RegExp(`^(?:${job("cadvisor")?.metric_relabel_configs?.[0]?.regex})$`);
    expect("container_cpu_usage_seconds_total;ragdock;test").toMatch(keep);
    expect("go_goroutines;;").toMatch(keep);
    expect("container_cpu_usage_seconds_total;ragdock;prod").not.toMatch(keep);
    expect("container_cpu_usage_seconds_total;;").not.toMatch(keep);
  });

  it("has exactly one job per service with metrics, for any services", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
    const replicas = fc.integer({ min: 1, max: 9 });
    const metrics = fc.record({ port: fc.integer({ min: 1, max: 65535 }), path: fc.constant("/metrics") });
    const api = serviceOf(systemWith(), "api");
    const list = fc
      .uniqueArray(fc.record({ name, replicas, metrics }), { selector: (s) => s.name })
      .map((some) => some.map((own): LongRunning => ({ ...api, ...own })));
    fc.assert(
      fc.property(list, (some) => {
        expect(jobs(some).map((j) => j.job_name)).toEqual(some.map((s) => s.name));
      }),
    );
  });
});

describe("renderBlackbox", () => {
  it("defines every module that a service may use", () => {
    expect(Object.keys(parse(renderBlackbox()).modules)).toEqual(["http_2xx", "tcp_connect", "tls_connect"]);
  });
});

describe("renderAlertmanager", () => {
  it("sends all alerts except the watchdog to the webhook", () => {
    const config = parse(renderAlertmanager(services, options));
    expect(config.route.receiver).toBe("webhook");
    expect(config.route.routes).toEqual([{ matchers: ['alertname="Watchdog"'], receiver: "nowhere" }]);
    expect(config.receivers[1].webhook_configs).toEqual([
      { url: "http://hook.example/alerts", send_resolved: true },
    ]);
  });

  it("reads a secret webhook from its file", () => {
    const secrets = new Set(["alertWebhook"]);
    const alertmanager = serviceOf(systemWith({}, { secrets }), "alertmanager");
    const [secret, config] = alertmanager.files;
    expect(secret?.path).toBe("/run/secrets/alert-webhook");
    expect(secretsOf(alertmanager).map(({ source }) => source)).toEqual([
      { from: "config", key: "alertWebhook" },
    ]);
    expect(parse(shown(config?.content ?? "")).receivers[1].webhook_configs).toEqual([
      { url_file: "/run/secrets/alert-webhook", send_resolved: true },
    ]);
    expect(alertmanager.networks).toContain("outside");
  });

  it("also names an existing receiver if there is no webhook", () => {
    const { alertWebhook: _, ...silent } = options;
    const config = parse(renderAlertmanager(services, silent));
    expect(config.receivers).toEqual([{ name: "nowhere" }]);
    expect(config.route.receiver).toBe("nowhere");
  });

  it("does not report the consequences of an alert", () => {
    const { inhibit_rules } = parse(renderAlertmanager(services, options));
    expect(inhibit_rules.map((r: { source_matchers: string[] }) => r.source_matchers[0])).toEqual([
      'alertname="CertificateExpires"',
      'alertname="CertificateMissing"',
      'alertname="PostgresDown"',
      'alertname="RedisDown"',
    ]);
  });
});
