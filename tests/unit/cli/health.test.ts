import { describe, expect, it } from "vitest";
import { countFindings } from "../../../cli/health/containers.ts";
import {
  alertFindings,
  isOver,
  observedIn,
  probeReason,
  targetFindings,
} from "../../../cli/health/prometheus.ts";
import { unreadyAnswer } from "../../../cli/health/readiness.ts";
import { restartNote } from "../../../cli/health/restarts.ts";
import { told } from "../../../host/finding.ts";
import { containerLike } from "../../support/containers.ts";
import { systemWith } from "../../support/program.ts";

describe("readiness", () => {
  it("is reported for a 2xx with any body", () => {
    expect(unreadyAnswer(200, '{"dependencies": [{"name": "database", "ok": true}]}')).toBeUndefined();
    expect(unreadyAnswer(204, "")).toBeUndefined();
    expect(unreadyAnswer(200, "null")).toBeUndefined();
    expect(unreadyAnswer(200, "ready")).toBeUndefined();
  });

  it("is denied for a 503, with every dependency that does not answer as evidence", () => {
    const dependencies = [
      { name: "database", ok: true, detail: "" },
      { name: "redis", ok: false, detail: "no such host" },
      { name: "vector store", ok: false, detail: "" },
    ];
    expect(unreadyAnswer(503, JSON.stringify({ dependencies }))).toEqual({
      answer: "answers 503",
      evidence: ["redis: no such host", "vector store: does not answer"],
    });
    expect(unreadyAnswer(503, '{"detail": "database: no route"}')?.evidence).toEqual(["database: no route"]);
    expect(unreadyAnswer(500, "Internal Server Error\n")?.evidence).toEqual(["Internal Server Error"]);
  });

  it("is denied for a 200 that names a dependency that does not answer, as in mnemolite", () => {
    const dependencies = [{ name: "chroma", ok: false, detail: "refused" }];
    const body = JSON.stringify({ status: "degraded", dependencies });
    expect(unreadyAnswer(200, body)?.evidence).toEqual(["chroma: refused"]);
  });
});

describe("a restarted container", () => {
  const now = Date.parse("2026-01-01T00:10:00Z");

  it("is named with the number of its restarts, and how many were for its health", () => {
    const container = containerLike("api", { restarts: 3 });
    expect(restartNote(container, "2 1767225600\n", now)).toMatch(
      /^api was restarted 3 times, 2 times because it stayed unhealthy\. It has run for 10m\./,
    );
    expect(restartNote(containerLike("api", { restarts: 1 }), "", now)).toMatch(
      /^api was restarted once\. It has run for 10m\./,
    );
  });
});

const answer = (data: object): string => JSON.stringify({ status: "success", data });
const labels = (alertname: string, severity: string) => ({ alertname, severity, service: "redis" });
const annotations = {
  summary: "redis does not answer",
  description: "For a minute.",
  runbook: "Read `make logs SERVICE=redis`, then wait.",
};
const activeAt = "2026-01-01T00:00:00Z";

const observed = observedIn([
  answer({
    alerts: [
      { labels: labels("Slow", "warning"), annotations, state: "firing", activeAt },
      { labels: labels("Watchdog", "none"), annotations, state: "firing", activeAt },
      { labels: labels("Soon", "critical"), annotations, state: "pending", activeAt },
      { labels: labels("Down", "critical"), annotations, state: "firing", activeAt },
    ],
  }),
  answer({
    activeTargets: [
      { labels: { service: "api" }, health: "up", lastError: "", scrapeUrl: "http://api:8000/metrics" },
      { labels: { service: "ui" }, health: "unknown", lastError: "", scrapeUrl: "http://ui:8501/metrics" },
      {
        labels: { service: "fastapi" },
        health: "down",
        lastError: 'Get "http://fastapi:8000/4k8secret": connection refused',
        scrapeUrl: "http://fastapi:8000/4k8secret",
      },
    ],
  }),
  answer({ result: [{ metric: { service: "redis" }, value: [0, "0"] }] }),
]);

describe("what Prometheus knows", () => {
  it("contains the alerts that fire, critical ones first, and no pending ones", () => {
    const findings = alertFindings("prod", observed.alerts, Date.parse(activeAt) + 90_000);
    expect(findings.map(({ problem }) => problem)).toEqual([
      "Alert Down (critical) fires: redis does not answer.",
      "Alert Slow (warning) fires: redis does not answer.",
    ]);
    expect(findings[0]?.evidence).toEqual(["Active for 1m 30s.", "For a minute."]);
    expect(findings[0]?.next).toBe("Read `make logs SERVICE=redis STACK=prod`, then wait.");
  });

  it("leaves out an alert whose service answers again, before Prometheus does", () => {
    const alert = (alertname: string, service: string) => ({
      labels: { alertname, service },
      annotations,
      state: "firing",
      activeAt,
    });
    const silent = new Set(["redis"]);
    expect(isOver(alert("ServiceUnhealthy", "redis"), observed, new Set())).toBe(true);
    expect(isOver(alert("ServiceUnhealthy", "redis"), observed, silent)).toBe(false);
    expect(isOver(alert("ServiceUnhealthy", "never-probed"), observed, silent)).toBe(false);
    expect(isOver(alert("TargetDown", "api"), observed, silent)).toBe(true);
    expect(isOver(alert("TargetDown", "fastapi"), observed, silent)).toBe(false);
    // With several replicas, no target remains when the last replica is gone.
    expect(isOver(alert("TargetDown", "worker"), observed, silent)).toBe(false);
    expect(isOver(alert("RedisDown", "redis"), observed, new Set())).toBe(false);
  });

  it("contains how long an alert is active, even if the Docker host's clock is ahead", () => {
    const [finding] = alertFindings("dev", observed.alerts, Date.parse(activeAt) - 1000);
    expect(finding?.evidence[0]).toBe("Active for 0ms.");
  });

  it("contains the targets that are down, without the path of their metrics, which may be a secret", () => {
    const findings = targetFindings("dev", observed.targets);
    expect(findings.map(({ service }) => service)).toEqual(["fastapi"]);
    expect(JSON.stringify(findings)).not.toContain("secret");
    expect(findings[0]?.evidence).toEqual([
      'http://fastapi:8000: Get "http://fastapi:8000": connection refused',
    ]);
  });

  it("contains the blackbox exporter's last error, in the format of each of its versions", () => {
    const level = 'level=ERROR msg="Error resolving address" err="lookup api: no such host"';
    expect(probeReason(`Logs for the probe:\n${level}\n\nprobe_success 0\n`)).toBe(
      "lookup api: no such host",
    );
    expect(probeReason("ts=1 level=error msg=Failed err=timeout\nprobe_success 0")).toBe("timeout");
    expect(probeReason('level=error msg="Invalid HTTP response status code"\nprobe_success 0')).toBe(
      "the probe fails",
    );
    expect(probeReason(`${level}\nprobe_success 1\n`)).toBeUndefined();
  });
});

describe("the number of containers", () => {
  const system = systemWith({ system: "m31" });
  const all = system.services.map(({ name }) => containerLike(name));

  it("is correct when each service has its replicas", () => {
    expect(countFindings("dev", system, all)).toEqual([]);
  });

  it("is wrong when a container is missing, or when a deployment left one behind", () => {
    const [one, two] = system.services.map(({ name }) => name);
    const changed = [...all.slice(1), containerLike(two ?? "", { created: "later" })];
    expect(countFindings("prod", system, changed).map(told)).toEqual([
      `${one} has 0 of 1 container.\n  It was removed, or its deployment failed.\n  Next: make up STACK=prod`,
      `${two} has 2 containers instead of 1.\n  A deployment is running, or was interrupted.\n  Next: make up STACK=prod`,
    ]);
  });
});
