import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Facts, resolveSystem } from "../../../config/resolve.ts";
import { ConfigError } from "../../../config/settings/problem.ts";
import type { Problem } from "../../../config/spec/problem.ts";
import { type LongRunning, longRunning, publishedPorts } from "../../../config/spec/service.ts";
import { serviceOf } from "../../support/program.ts";

const facts: Facts = {
  project: "ragdock",
  stack: "test",
  secrets: new Set(),
  host: { memoryMiB: 65_536, cpus: 16 },
};

function problems(raw: Record<string, unknown>, over: Partial<Facts> = {}): readonly Problem[] {
  try {
    resolveSystem(raw, { ...facts, ...over });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const service = (raw: Record<string, unknown>, name: string): LongRunning =>
  serviceOf(resolveSystem(raw, facts), name);

describe("defaults", () => {
  it("make a whole system of nothing", () => {
    expect(resolveSystem({}, facts).services.map((s) => s.name)).toEqual([
      "postgres",
      "postgres-credentials",
      "redis",
      "redis-credentials",
      "migrate",
      "api",
      "worker",
      "ui",
      "gateway",
      "ingress",
      "prometheus",
      "alertmanager",
      "grafana",
      "node-exporter",
      "postgres-exporter",
      "redis-exporter",
      "blackbox-exporter",
      "cadvisor",
      "nginx-exporter",
    ]);
  });

  it("publish nothing beyond loopback in dev, and only the ingress in prod", () => {
    const published = (environment: string) =>
      longRunning(resolveSystem({ environment }, facts).services).flatMap((s) =>
        publishedPorts(s).map(({ exposure }) => `${s.name} ${exposure}`),
      );
    expect(published("dev").every((line) => line.endsWith(" loopback"))).toBe(true);
    expect(published("prod")).toEqual(["ingress public"]);
  });

  it("never expose a store", () => {
    for (const environment of ["dev", "prod"]) {
      for (const name of ["postgres", "redis"]) {
        expect(publishedPorts(service({ environment }, name))).toEqual([]);
      }
    }
  });

  it("leave out in packages mode what cannot be built, and say what stands in", () => {
    const system = resolveSystem({ images: "packages" }, facts);
    expect(Object.keys(system.unavailable).sort()).toEqual(["cadvisor", "grafana"]);
    expect(system.unavailable.grafana).toContain("Prometheus' own Graph and Alerts pages");
    expect(system.unavailable.cadvisor).toContain("node-exporter");
    expect(system.services.some((s) => s.name === "grafana")).toBe(false);
  });

  it("keep in packages mode what cannot be built when an image is named for it", () => {
    const system = resolveSystem({ images: "packages", pinned: { grafana: "my/grafana:12" } }, facts);
    expect(Object.keys(system.unavailable)).toEqual(["cadvisor"]);
    expect(system.services.some((s) => s.name === "grafana")).toBe(true);
  });

  it("keep vectors in Chroma when asked", () => {
    const system = resolveSystem({ vectorStore: "chroma" }, facts);
    expect(system.services.find((s) => s.name === "api")?.dependsOn).toContain("chroma");
  });

  it("generate a secret for each place that names one, and no other; also of what cannot be had here, whose data may be", () => {
    expect(resolveSystem({ images: "packages" }, facts).secrets).toEqual({
      "grafana-password": { from: "generated", generation: 1, rotation: "grafana" },
      "postgres-admin-password": { from: "generated", generation: 1 },
      "postgres-password": { from: "generated", generation: 1, rotation: "postgres" },
      "postgres-user": { from: "known", value: "rag_1" },
      "redis-admin-password": { from: "generated", generation: 1 },
      "redis-password": { from: "generated", generation: 1, rotation: "redis" },
      "redis-user": { from: "known", value: "rag_1" },
    });
  });
});

describe("a wrong setting", () => {
  it.each([
    [{ sistem: "full" }, "ragdock:sistem"],
    [{ system: "foo" }, "ragdock:system"],
    [{ images: "docker" }, "ragdock:images"],
    [{ services: { api: { replica: 2 } } }, "ragdock:services.api.replica"],
    [{ services: { api: { replicas: 0 } } }, "ragdock:services.api.replicas"],
    [{ services: { apy: { replicas: 2 } } }, "ragdock:services.apy"],
    [{ services: { api: { limits: { memory: "512" } } } }, "ragdock:services.api.limits.memory"],
    [{ services: { api: { limits: { memory: "1KiB" } } } }, "ragdock:services.api.limits.memory"],
    [{ services: { postgres: { replicas: 2 } } }, "ragdock:services.postgres.replicas"],
    [{ services: { postgres: { exposure: "public" } } }, "ragdock:services.postgres.exposure"],
    [{ services: { postgres: { shm: "16MiB" } } }, "ragdock:services.postgres.shm"],
    [{ services: { ingress: { replicas: 2 } } }, "ragdock:services.ingress.replicas"],
    [{ services: { gateway: { port: 9090 } } }, "ragdock:services.prometheus.port"],
    [{ services: { api: { replicas: 30 } } }, "ragdock:services.api.replicas"],
    [{ services: { api: { limits: { reservation: "4GiB" } } } }, "ragdock:services.api.limits.reservation"],
    [{ llm: { provider: "openai" } }, "ragdock:llmApiKey"],
    [{ embeddings: { provider: "mistral" } }, "ragdock:embeddingsApiKey"],
    [{ environment: "prod", services: { api: { sourceMount: true } } }, "ragdock:services.api.sourceMount"],
    [{ app: {} }, "ragdock:app"],
    [{ app: { source: "no/such/folder" } }, "ragdock:app.source"],
    [{ app: { source: "docs" } }, "ragdock:app.source"],
    [{ system: "m31", app: { source: "tests/support/fixtures/flask-app" } }, "ragdock:app"],
    [{ system: "m31", vectorStore: "chroma" }, "ragdock:vectorStore"],
    [{ vectorStore: "embedded" }, "ragdock:vectorStore"],
    [{ system: "myrag", monitoring: { alertWebhook: "http://a/" } }, "ragdock:monitoring.alertWebhook"],
    [{ system: "myrag", embeddings: { dimension: 512 } }, "ragdock:embeddings.dimension"],
    [{ app: { image: "mine:1.0", module: "main:app" } }, "ragdock:app.module"],
    [{ host: { memory: "1GiB" } }, "ragdock:services.*.limits.memory"],
    [
      { system: "m31", services: { web: { port: 9000 }, prometheus: { exposure: "loopback", port: 9000 } } },
      "ragdock:services.prometheus.port",
    ],
    [
      { system: "m31", services: { gateway: { limits: { memory: "64" } } } },
      "ragdock:services.gateway.limits.memory",
    ],
    [
      { services: { redis: { files: [{ path: "/etc/redis/redis.conf", content: "" }] } } },
      "ragdock:services.redis.files[0].path",
    ],
    [
      { services: { api: { files: [{ path: "/.env", content: "{{ secret:redis-password }}" }] } } },
      "ragdock:services.api.files[0].content",
    ],
    [
      {
        services: {
          api: {
            files: [{ path: "/.env", content: "postgresql://rag:{{secret:postgres-password}}@postgres/rag" }],
          },
        },
      },
      "ragdock:services.api.files[0].content",
    ],
    [
      {
        services: {
          api: { files: [{ path: "/.env", content: "redis://:{{secret:redis-password}}@redis" }] },
        },
      },
      "ragdock:services.api.files[0].content",
    ],
    [{ rotations: { postgres: 0 } }, "ragdock:rotations.postgres"],
    [{ rotations: { "postgres-admin": 2 } }, "ragdock:rotations.postgres-admin"],
    [{ system: "m31", rotations: { postgres: 2 } }, "ragdock:rotations.postgres"],
    [{ system: "mnemolite", monitoring: { retention: "1d" } }, "ragdock:monitoring"],
    [
      { system: "financerag", services: { financerag: { replicas: 2 } } },
      "ragdock:services.financerag.replicas",
    ],
    [{ system: "rag-events", environment: "prod" }, "ragdock:mistralApiKey"],
    [{ system: "financerag", environment: "prod" }, "ragdock:openaiApiKey"],
    [
      { services: { api: { files: [{ path: "/.env", content: "{{secret:postgres}}" }] } } },
      "ragdock:services.api.files[0].content",
    ],
    [{ services: { api: { port: 9000 } } }, "ragdock:services.api.port"],
    [{ services: { postgres: { port: 5433 } } }, "ragdock:services.postgres.port"],
    [{ services: { prometheus: { exposure: "none", port: 9091 } } }, "ragdock:services.prometheus.port"],
    [{ services: { migrate: { replicas: 2 } } }, "ragdock:services.migrate.replicas"],
    [{ services: { postgres: { sourceMount: true } } }, "ragdock:services.postgres.sourceMount"],
    [{ services: { redis: { enabled: false } } }, "ragdock:services.redis.enabled"],
    [{ services: { api: { environment: { RAG_API_WORKERS: "20" } } } }, "ragdock:services.api.replicas"],
  ])("%j is named by its path, with what was found and what to type", (raw, path) => {
    const found = problems(raw);
    expect(found.map((p) => p.path)).toContain(path);
    for (const problem of found) {
      expect(problem.found).not.toBe("");
      expect(problem.problem).not.toBe("");
      expect(problem.fix).not.toBe("");
    }
  });

  it("does not hide another one", () => {
    const paths = problems({
      images: "docker",
      vectorStore: "faiss",
      services: { api: { replicas: 0 }, gateway: { port: 9090 } },
    }).map((p) => p.path);
    expect(paths).toEqual([
      "ragdock:images",
      "ragdock:vectorStore",
      "ragdock:services.api.replicas",
      // Not a wrong value by itself: found with the wrong ones left out.
      "ragdock:services.prometheus.port",
    ]);
  });

  it("is fixed by a command for the stack that has it, whichever one is selected", () => {
    expect(() => resolveSystem({ services: { api: { replicas: 0 } } }, facts)).toThrow(
      "Run: pulumi config set --stack test --path 'ragdock:services.api.replicas' 1",
    );
    expect(() => resolveSystem({ services: { apy: { replicas: 2 } } }, facts)).toThrow(
      "Run: pulumi config rm --stack test --path 'ragdock:services.apy'",
    );
    expect(() => resolveSystem({ llm: { provider: "openai" } }, facts)).toThrow(
      "Run: pulumi config set --stack test --secret ragdock:llmApiKey",
    );
  });

  it("is one that would be shown although it is encrypted, whatever is in it", () => {
    const raw = { monitoring: { alertWebhook: "https://hooks/secret", retentoin: "secret" } };
    expect(() => resolveSystem(raw, { ...facts, secrets: new Set(["monitoring", "llmApiKey"]) })).toThrow(
      "ragdock:monitoring: found an encrypted value; only llmApiKey, ",
    );
    expect(problems(raw, { secrets: new Set(["monitoring"]) }).map((p) => p.path)).toEqual([
      "ragdock:monitoring",
    ]);
  });

  it("is found against the host as well", () => {
    expect(problems({}, { host: { memoryMiB: 1024 } }).map((p) => p.path)).toEqual([
      "ragdock:services.*.limits.memory",
    ]);
    expect(problems({ environment: "prod" }, { host: { cpus: 1 } }).map((p) => p.path)).toEqual([
      "ragdock:services.postgres.limits.cpus",
    ]);
  });

  it("is none once the key is there", () => {
    expect(problems({ llm: { provider: "openai" } }, { secrets: new Set(["llmApiKey"]) })).toEqual([]);
  });
});

describe("a user's settings", () => {
  it("win over the system's, one by one", () => {
    const api = service({ services: { api: { limits: { memory: "2GiB" }, logs: { maxFiles: 9 } } } }, "api");
    expect(api.limits).toEqual({ cpus: 1, memory: "2GiB" });
    expect(api.logs).toEqual({ maxSize: "10MiB", maxFiles: 9 });
  });

  it("let an exposed store be reached: a port on an internal network alone cannot be published", () => {
    expect(service({}, "postgres").networks).toEqual(["backend"]);
    expect(service({ services: { postgres: { exposure: "loopback" } } }, "postgres").networks).toEqual([
      "backend",
      "publish",
    ]);
    expect(resolveSystem({ services: { postgres: { exposure: "loopback" } } }, facts).networks).toEqual({
      frontend: { internal: false },
      backend: { internal: true },
      publish: { internal: false },
    });
  });

  it("may leave out what nothing needs", () => {
    expect(
      problems({ services: { grafana: { enabled: false }, "redis-exporter": { enabled: false } } }),
    ).toEqual([]);
  });

  it("give GPUs to an own application, which may compute on them, and not to the reference application", () => {
    const services = { api: { gpus: "all" } };
    expect(service({ app: { image: "mine:1.0" }, services }, "api").gpus).toBe("all");
    expect(problems({ services }).map((p) => p.path)).toEqual(["ragdock:services.api.gpus"]);
  });

  it("take numbers and booleans for variables, which `pulumi config set --path` makes of them", () => {
    const api = service({ services: { api: { environment: { DEBUG: true, LEVEL: 1, NAME: "a" } } } }, "api");
    expect(api.environment).toMatchObject({ DEBUG: "true", LEVEL: "1", NAME: "a" });
  });

  it("take a number that `pulumi config set` has made a string", () => {
    expect(service({ services: { api: { limits: { cpus: "0.5" } } } }, "api").limits.cpus).toBe(0.5);
  });

  it("tune PostgreSQL from its memory", () => {
    const command = service({ services: { postgres: { limits: { memory: "4GiB" } } } }, "postgres").command;
    expect(command).toContain("shared_buffers=1024MB");
    expect(command).toContain("maintenance_work_mem=256MB");
  });

  it("never put two services on one port, whatever the ports", () => {
    const port = fc.integer({ min: 1024, max: 1030 });
    fc.assert(
      fc.property(port, port, port, (gateway, prometheus, grafana) => {
        const raw = {
          services: {
            gateway: { port: gateway },
            prometheus: { port: prometheus },
            grafana: { port: grafana },
          },
        };
        const distinct = new Set([gateway, prometheus, grafana]).size;
        expect(problems(raw)).toHaveLength(3 - distinct);
      }),
    );
  });

  it("give a system or a ConfigError, whatever the input", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("system", "images", "services", "llm", "app", "x"), fc.jsonValue()),
        (raw) => {
          expect(() => problems(raw)).not.toThrow();
        },
      ),
    );
  });
});
