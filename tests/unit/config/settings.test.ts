import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resolveSystem } from "../../../config/resolve.ts";
import { type LongRunning, longRunning, publishedPorts } from "../../../config/spec/service.ts";
import { openInProd, serviceOf } from "../../support/program.ts";
import { facts, problems } from "./problems.ts";

const service = (raw: Record<string, unknown>, name: string): LongRunning =>
  serviceOf(resolveSystem(openInProd(raw), facts), name);

describe("defaults", () => {
  it("result in a complete system", () => {
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

  it("publish only on loopback in dev, and only the ingress in prod", () => {
    const published = (environment: string) =>
      longRunning(resolveSystem(openInProd({ environment }), facts).services).flatMap((s) =>
        publishedPorts(s).map(({ exposure }) => `${s.name} ${exposure}`),
      );
    expect(published("dev").every((line) => line.endsWith(" loopback"))).toBe(true);
    expect(published("prod")).toEqual(["ingress public"]);
  });

  it("expose no store", () => {
    for (const environment of ["dev", "prod"]) {
      for (const name of ["postgres", "redis"]) {
        expect(publishedPorts(service({ environment }, name))).toEqual([]);
      }
    }
  });

  it("leave out services without a package in packages mode, and name the replacement", () => {
    const system = resolveSystem({ images: "packages" }, facts);
    expect(Object.keys(system.unavailable).sort()).toEqual(["cadvisor", "grafana"]);
    expect(system.unavailable.grafana).toContain("Prometheus' own Graph and Alerts pages");
    expect(system.unavailable.cadvisor).toContain("node-exporter");
    expect(system.services.some((s) => s.name === "grafana")).toBe(false);
    const unused = { grafana: { port: 3001, exposure: "public" }, cadvisor: { enabled: false } };
    const { unavailable } = resolveSystem({ images: "packages", services: unused }, facts);
    expect(unavailable.grafana).toMatch(
      / No effect here: services.grafana.exposure, services.grafana.port.$/,
    );
    expect(unavailable.cadvisor).toBe(system.unavailable.cadvisor);
  });

  it("keep a service without a package in packages mode if its image is pinned", () => {
    const system = resolveSystem({ images: "packages", pinned: { grafana: "my/grafana:12" } }, facts);
    expect(Object.keys(system.unavailable)).toEqual(["cadvisor"]);
    expect(system.services.some((s) => s.name === "grafana")).toBe(true);
  });

  it("keep vectors in Chroma on request", () => {
    const system = resolveSystem({ vectorStore: "chroma" }, facts);
    expect(system.services.find((s) => s.name === "api")?.dependsOn).toContain("chroma");
  });

  it("generate exactly the secrets that services use, including unavailable services, whose data may exist", () => {
    expect(resolveSystem({ images: "packages" }, facts).secrets).toEqual({
      "grafana-password": { from: "generated", generation: 1, rotation: "grafana" },
      "postgres-admin-password": { from: "generated", generation: 1, rotation: "postgres-admin" },
      "postgres-monitor-password": { from: "generated", generation: 1, rotation: "postgres" },
      "postgres-monitor-user": { from: "known", value: "monitor_1" },
      "postgres-password": { from: "generated", generation: 1, rotation: "postgres" },
      "postgres-user": { from: "known", value: "rag_1" },
      "redis-admin-password": { from: "generated", generation: 1, rotation: "redis-admin" },
      "redis-monitor-password": { from: "generated", generation: 1, rotation: "redis" },
      "redis-monitor-user": { from: "known", value: "monitor_1" },
      "redis-password": { from: "generated", generation: 1, rotation: "redis" },
      "redis-user": { from: "known", value: "rag_1" },
    });
  });
});

describe("a user's settings", () => {
  it("override the system's settings one by one", () => {
    const api = service({ services: { api: { limits: { memory: "2GiB" }, logs: { maxFiles: 9 } } } }, "api");
    expect(api.limits).toEqual({ cpus: 1, memory: "2GiB" });
    expect(api.logs).toEqual({ maxSize: "10MiB", maxFiles: 9 });
  });

  it("add a network to an exposed store, because an internal network cannot publish a port", () => {
    expect(service({}, "postgres").networks).toEqual(["postgres"]);
    const exposed = { services: { postgres: { exposure: "loopback" } } };
    expect(service(exposed, "postgres").networks).toEqual(["outside", "postgres"]);
    expect(resolveSystem(exposed, facts).networks).toMatchObject({
      postgres: { internal: true },
      outside: { internal: false },
    });
  });

  it("may disable services that no other service needs", () => {
    expect(
      problems({ services: { grafana: { enabled: false }, "redis-exporter": { enabled: false } } }),
    ).toEqual([]);
  });

  it("give GPUs to the user's own application, but not to the reference application, which cannot use them", () => {
    const services = { api: { gpus: "all" } };
    expect(service({ app: { image: "mine:1.0" }, services }, "api").gpus).toBe("all");
    expect(problems({ services }).map((p) => p.path)).toEqual(["ragdock:services.api.gpus"]);
  });

  it("accept numbers and booleans as variables, because `pulumi config set --path` converts them", () => {
    const api = service({ services: { api: { environment: { DEBUG: true, LEVEL: 1, NAME: "a" } } } }, "api");
    expect(api.environment).toMatchObject({ DEBUG: "true", LEVEL: "1", NAME: "a" });
  });

  it("accept a number that `pulumi config set` has converted to a string", () => {
    expect(service({ services: { api: { limits: { cpus: "0.5" } } } }, "api").limits.cpus).toBe(0.5);
  });

  it("tune PostgreSQL from its memory", () => {
    const command = service({ services: { postgres: { limits: { memory: "4GiB" } } } }, "postgres").command;
    expect(command).toContain("shared_buffers=1024MB");
    expect(command).toContain("maintenance_work_mem=256MB");
  });

  it("never put two services on one port, for any ports", () => {
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

  it("result in a ConfigError if the toString of a value is not a function", () =>
    expect(problems({ system: { toString: [] } })).toHaveLength(1));
  it("may be objects that cannot be converted to text", () => {
    expect(problems({ system: [{ toString: 0 }] }).map(({ path }) => path)).toEqual(["ragdock:system"]);
    expect(problems({ images: { toString: 0 } })[0]?.fix).toContain("registry");
    expect(problems({ environment: ["prod"] })[0]?.fix).toContain("prod");
  });

  it("result in a system or a ConfigError, for any input", () => {
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
