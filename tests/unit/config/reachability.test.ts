/**
 * Compares the networks of every system with a list of who needs whom. It does not prove that Docker
 * separates the networks. tests/systems and tests/e2e prove that.
 */
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { calledBy, outsideNetwork, reaches } from "../../../config/spec/networks.ts";
import { longRunning, type SystemSpec } from "../../../config/spec/service.ts";
import { systems } from "../../../config/systems/index.ts";
import { renderBlackbox } from "../../../monitoring/index.ts";
import { systemWith } from "../../support/program.ts";
import { accepted, mayReach, needsTo } from "../../support/reachability.ts";
import { problems } from "./problems.ts";

const secrets = new Set(["openaiApiKey", "mistralApiKey"]);
const run = { provider: "ollama", model: "llama3.2:1b", run: true };

const cases = [
  ...Object.keys(systems).flatMap((system) => [
    { system },
    { system, environment: "prod" },
    { system, images: "packages" },
  ]),
  { system: "full", vectorStore: "chroma", llm: run, environment: "prod" },
  { system: "full", app: { image: "mine:1.0", metricsPath: "/metrics" } },
  ...[["minio", "mysql"], ["clickhouse", "qdrant"], ["opensearch"]].map((stores) => {
    const needs = ["postgres", "redis", ...stores];
    const api = { image: "mine:1.0", port: 8000, route: "/", metricsPath: "/metrics", needs };
    return { system: "full", apps: { api } };
  }),
  { system: "full", services: { ui: { soak: "10s" } } },
  { system: "full", environment: "prod", target: "swarm" },
  ...["full", "myrag", "rag-events"].map((system) => ({
    system,
    environment: "prod",
    ingress: { tls: "internal", signIn: { users: true } },
  })),
].map((settings) => [JSON.stringify(settings), systemWith(settings, { secrets })] as const);

/** Returns every pair of a system's services, as `caller → called`, that a test of a pair accepts. */
const pairs = (system: SystemSpec, accepts: (from: string, to: string) => boolean): string[] =>
  system.services.flatMap((from) =>
    system.services
      .filter((to) => to !== from && accepts(from.name, to.name))
      .map((to) => `${from.name} → ${to.name}`),
  );

const named = ({ services }: SystemSpec, name: string) => services.find((s) => s.name === name);

const connects = (system: SystemSpec) => (from: string, to: string) => {
  const [a, b] = [named(system, from), named(system, to)];
  return a !== undefined && b !== undefined && reaches(a, b);
};

describe.each(cases)("%s", (_, system) => {
  it("has exactly the listed needs", () => {
    const calls = pairs(system, (from, to) =>
      calledBy(system.services.find(({ name }) => name === from) as never, system.services).some(
        ({ name }) => name === to,
      ),
    );
    expect(calls).toEqual(pairs(system, (from, to) => needsTo(system, from, to)));
  });

  it("connects each service with every service that it needs", () =>
    expect(pairs(system, (from, to) => needsTo(system, from, to) && !connects(system)(from, to))).toEqual(
      [],
    ));

  it("connects no other services, except for a stated reason", () =>
    expect(pairs(system, (from, to) => connects(system)(from, to) && !mayReach(system, from, to))).toEqual(
      [],
    ));

  it("puts each service on a network, and each network is used", () => {
    const used = system.services.flatMap(({ networks }) => networks);
    expect(system.services.filter(({ networks }) => networks.length === 0)).toEqual([]);
    expect(Object.keys(system.networks)).toEqual([...new Set(used)].sort());
  });

  it("has at most ten networks, of which one has a route out", () => {
    const open = Object.entries(system.networks).filter(([, { internal }]) => !internal);
    expect(open.map(([name]) => name)).toEqual([outsideNetwork]);
    expect(Object.keys(system.networks).length).toBeLessThanOrEqual(10);
  });
});

it("keeps an exporter on the network on which it listens, if Prometheus is switched off", () => {
  const off = Object.fromEntries(["prometheus", "alertmanager"].map((name) => [name, { enabled: false }]));
  const { services } = systemWith({ services: off });
  for (const { name, networks } of services.filter(({ role }) => role === "exporter"))
    expect(networks, name).toContain("monitoring");
});

it("every stated reason is used by a system", () => {
  for (const { from, to, why } of accepted) {
    const uses = cases.flatMap(([, system]) =>
      pairs(
        system,
        (a, b) =>
          from.includes(a) &&
          to.includes(b) &&
          connects(system)(a, b) &&
          !needsTo(system, a, b) &&
          !needsTo(system, b, a),
      ),
    );
    expect(uses, why).not.toEqual([]);
  }
});

describe("an attacker in", () => {
  const full = systemWith({ vectorStore: "chroma", environment: "prod" });
  const reached = (from: string) =>
    full.services.map(({ name }) => name).filter((to) => to !== from && connects(full)(from, to));

  it("the ingress reaches the gateway only", () => expect(reached("ingress")).toEqual(["gateway"]));

  it("the UI reaches no store and no monitoring", () => expect(reached("ui")).toEqual(["api", "gateway"]));

  it("the gateway reaches no store, and only Prometheus of the monitoring", () =>
    expect(reached("gateway")).toEqual(["api", "ui", "ingress", "prometheus"]));

  it("a store reaches only its clients", () => {
    for (const store of ["postgres", "redis"]) expect(reached(store)).toEqual(["api", "worker"]);
    // The blackbox exporter checks Chroma, but does not listen on that network.
    expect(reached("chroma")).toEqual(["api", "worker"]);
  });

  it("an application reaches neither the blackbox exporter nor Alertmanager", () => {
    for (const name of ["api", "worker", "ui", "gateway", "ingress"])
      for (const other of ["blackbox-exporter", "alertmanager", "grafana", "node-exporter", "cadvisor"])
        expect(reached(name), name).not.toContain(other);
  });

  it("a browser reaches no exporter, and no exporter follows a redirect", () => {
    const signIn = { users: true };
    const { services } = systemWith({ environment: "prod", ingress: { tls: "internal", signIn } });
    const exporters = services.filter(({ role }) => role === "exporter").map(({ name }) => name);
    expect(exporters).toContain("blackbox-exporter");
    const routed = longRunning(services).flatMap(({ routes = [] }) => routes.map(({ service }) => service));
    expect(routed).toEqual(expect.arrayContaining(["prometheus", "alertmanager", "gateway"]));
    for (const name of exporters) expect(routed).not.toContain(name);
    const { modules } = parse(renderBlackbox());
    expect(modules.http_2xx.http.follow_redirects).toBe(false);
    expect(modules.http_2xx.http.headers).toEqual({ Host: "127.0.0.1" });
  });
});

describe("a route out", () => {
  const outside = (settings: Record<string, unknown>): string[] =>
    systemWith(settings, { secrets })
      .services.filter(({ networks }) => networks.includes(outsideNetwork))
      .map(({ name }) => name);

  it.each([
    ["full", ["ingress"]],
    ["myrag", ["ingress"]],
    ["m31", ["ingress"]],
    ["rag-events", ["api", "ingress"]],
    ["financerag", ["financerag", "ingress"]],
    ["mnemolite", ["ingress"]],
  ])("of %s is for the ingress and for callers of model providers in production", (system, expected) =>
    expect(outside({ system, environment: "prod" })).toEqual(expected),
  );

  it.each([
    ["an LLM provider", { llm: { provider: "vllm", baseUrl: "http://gpu.example.org/v1" } }, ["api"]],
    [
      "a provider of embeddings",
      { embeddings: { provider: "vllm", baseUrl: "http://gpu.example.org/v1" } },
      ["api", "worker"],
    ],
    ["a model that the stack runs", { llm: run }, ["ollama-pull"]],
    ["an alert webhook", { monitoring: { alertWebhook: "https://hook.example.org/" } }, ["alertmanager"]],
    [
      "an address on the Docker host",
      { services: { worker: { environment: { HTTPS_PROXY: "http://host.docker.internal:3128" } } } },
      ["worker"],
    ],
    ["services.worker.outside", { services: { worker: { outside: true } } }, ["worker"]],
    ["an own application", { app: { image: "mine:1.0" } }, ["api"]],
    ["a store that the host may reach", { services: { redis: { exposure: "loopback" } } }, ["redis"]],
  ])("is also for %s", (_, settings, expected) =>
    expect(outside({ ...settings, environment: "prod" }).filter((name) => name !== "ingress")).toEqual(
      expected,
    ),
  );

  it("is also for a secret alert webhook", () => {
    const { services } = systemWith({ environment: "prod" }, { secrets: new Set(["alertWebhook"]) });
    const left = services.filter(({ networks }) => networks.includes(outsideNetwork));
    expect(left.map(({ name }) => name)).toEqual(["ingress", "alertmanager"]);
  });

  it("can be removed from an own application", () => {
    const app = { image: "mine:1.0" };
    expect(outside({ app, environment: "prod", services: { api: { outside: false } } })).toEqual(["ingress"]);
  });

  it.each([
    ["a service with a published port", { services: { prometheus: { outside: false } } }, /publishes ports/],
    [
      "a service that calls the Docker host",
      {
        services: { api: { outside: false, environment: { PROXY: "http://host.docker.internal:1" } } },
      },
      /name the Docker host/,
    ],
  ])("cannot be removed from %s", (_, settings, why) => {
    const [found] = problems(settings);
    expect(found?.problem).toMatch(why);
  });
});
