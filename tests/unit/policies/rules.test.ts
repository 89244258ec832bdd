/** Tests each rule with a container or an image that breaks it, and with one that follows it. */
import { describe, expect, it } from "vitest";
import { containerRules, imageRules } from "../../../policies/rules.ts";
import type { ContainerView } from "../../../policies/view.ts";

const good: ContainerView = {
  service: "store",
  kind: "stateful",
  user: "999:999",
  environment: { POSTGRES_PASSWORD_FILE: "/run/secrets/password", TOKEN_LIMIT: "8" },
  dropsCapabilities: true,
  cpus: 1,
  memoryMiB: 512,
  rotatesLogs: true,
  hasHealthcheck: true,
  publicPorts: [],
  volumes: ["data"],
};

const digest = `@sha256:${"0123456789abcdef".repeat(4)}`;

/** By rule: a container that breaks it, and the setting that the problem names. */
const broken: Readonly<Record<string, readonly [Partial<ContainerView>, string][]>> = {
  "no-public-store": [[{ publicPorts: [5432] }, "services.store.exposure"]],
  limits: [
    [{ cpus: 0 }, "services.store.limits.cpus"],
    [{ memoryMiB: 0 }, "services.store.limits.memory"],
  ],
  "log-rotation": [[{ rotatesLogs: false }, "services.store.logs.maxSize"]],
  "health-check": [[{ hasHealthcheck: false }, "services.store"]],
  "data-in-volumes": [[{ volumes: [] }, "services.store"]],
  "no-root": [
    [{ user: undefined }, "services.store"],
    [{ user: "0:0" }, "services.store"],
    [{ user: "root" }, "services.store"],
  ],
  "dropped-capabilities": [[{ dropsCapabilities: false }, "services.store"]],
  "no-secret-in-environment": [
    [{ environment: { OPENAI_API_KEY: "sk-1" } }, "services.store.environment.OPENAI_API_KEY"],
    [{ environment: { password: "hunter2" } }, "services.store.environment.password"],
    [
      { environment: { DATABASE_URL: "postgresql://rag:pw@db/rag" } },
      "services.store.environment.DATABASE_URL",
    ],
  ],
};

describe.each(containerRules)("the rule $name", ({ name, check }) => {
  it("accepts a container that follows it", () => {
    expect(check(good)).toEqual([]);
  });

  it("reports a container that breaks it, with a fix", () => {
    const cases = broken[name] ?? [];
    expect(cases.length).toBeGreaterThan(0);
    for (const [change, path] of cases) {
      const problems = check({ ...good, ...change });
      expect(problems.map((problem) => problem.path)).toEqual([`ragdock:${path}`]);
      expect(problems[0]?.fix).not.toBe("");
    }
  });
});

describe("the rules", () => {
  it("accept a job without a health check, and a stateless service that publishes its port", () => {
    const free: ContainerView = { ...good, kind: "job", hasHealthcheck: false, volumes: [] };
    expect(containerRules.flatMap(({ check }) => check(free))).toEqual([]);
    const open: ContainerView = { ...good, kind: "stateless", publicPorts: [80], volumes: [] };
    expect(containerRules.flatMap(({ check }) => check(open))).toEqual([]);
  });

  it("never show the value of a secret", () => {
    const environment = { API_TOKEN: "hunter2", URL: "redis://me:hunter2@redis" };
    const problems = containerRules.flatMap(({ check }) => check({ ...good, environment }));
    expect(problems).toHaveLength(2);
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  });
});

describe.each(imageRules)("the rule $name", ({ check }) => {
  it.each([`grafana/grafana:12.1.0${digest}`, "ragdock/api:0123456789ab"])("passes %s", (reference) => {
    expect(check({ name: "grafana", reference })).toEqual([]);
  });

  it.each(["grafana/grafana", "grafana/grafana:12.1.0", "grafana/grafana:latest"])(
    "reports %s",
    (reference) => {
      const [problem] = check({ name: "grafana", reference });
      expect(problem).toMatchObject({ path: "ragdock:pinned.grafana", found: reference });
    },
  );
});
