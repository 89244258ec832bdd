/** Tests what a Swarm refuses. tests/slow/swarm.test.ts runs what it does not refuse. */
import { describe, expect, it } from "vitest";
import { readSystem } from "../../../config/resolve.ts";
import { removeCommand, setCommand } from "../../../config/spec/message.ts";
import { facts, openInProd } from "../../support/program.ts";

type Raw = Record<string, unknown>;

const financerag = {
  system: "financerag",
  environment: "prod",
  registry: "registry.example.org/team",
  embeddings: { provider: "local" },
  llm: { provider: "none" },
};

/** The problems of settings on a Swarm, by path. */
const refused = (raw: Raw): Record<string, { problem: string; fix: string }> =>
  Object.fromEntries(
    readSystem(openInProd({ target: "swarm", ...raw }), facts).problems.map(({ path, problem, fix }) => [
      path.replace("ragdock:", ""),
      { problem, fix },
    ]),
  );

describe("a Swarm", () => {
  it("runs financerag, and refuses nothing on one engine", () => {
    expect(refused(financerag)).toEqual({});
    expect(
      refused({ ...financerag, target: "engine", services: { financerag: { exposure: "loopback" } } }),
    ).toEqual({});
  });

  it("has settings without effect on one engine", () => {
    const { swarm } = refused({ ...financerag, target: "engine", swarm: { spread: "zone" } });
    expect(swarm?.problem).toContain("the stack runs on one Docker engine");
    expect(swarm?.fix).toContain(removeCommand("swarm"));
  });

  it("takes the names of labels only", () => {
    const { "swarm.spread": spread } = refused({ ...financerag, swarm: { spread: "zone=a" } });
    expect(spread?.problem).toContain("the name of a label without its value");
  });

  it("runs a system that is larger than one node", () => {
    const system = readSystem(openInProd({ target: "swarm", ...financerag }), {
      ...facts,
      host: { cpus: 1, memoryMiB: 256 },
    });
    expect(system.problems).toEqual([]);
  });

  it.each<[path: string, why: string, raw: Raw]>([
    ["registry", "this stack builds chroma, financerag, nginx", { registry: undefined, images: "packages" }],
    [
      "services.registry.enabled",
      "this stack builds financerag",
      { registry: undefined, services: { registry: { enabled: false } } },
    ],
    ["ingress.tls", "the volume with the certificate is on one of them", { ingress: { tls: "internal" } }],
    [
      "services.financerag.exposure",
      "all addresses of its nodes",
      { services: { financerag: { exposure: "loopback" } } },
    ],
    ["services.financerag.mounts", "do not move with it", { environment: "dev" }],
    [
      "services.financerag",
      "each node of a Swarm is another host",
      { llm: { provider: "ollama", baseUrl: "http://host.docker.internal:11434/v1" } },
    ],
    [
      "services.financerag.files",
      "between 1 byte and 500 KiB",
      { services: { financerag: { files: [{ path: "/app/large", content: "x".repeat(513_000) }] } } },
    ],
    [
      "services.financerag.files",
      "between 1 byte and",
      { services: { financerag: { files: [{ path: "/app/empty", content: "" }] } } },
    ],
  ])("refuses %s: %s", (path, why, raw) => {
    expect(refused({ ...financerag, ...raw })[path]?.problem).toContain(why);
  });

  it.each<[path: string, why: string, app: Raw]>([
    ["apps.web.ulimits", "cannot set them", { ulimits: { nofile: 1024 } }],
    ["apps.web.writable", "without permission to run programs", { writable: { "/work": "64MiB" } }],
  ])("refuses %s of an own application: %s", (path, why, app) => {
    const web = { image: "registry.example.org/web:1", port: 8000, route: "/", ...app };
    const problems = refused({ registry: "registry.example.org", apps: { web }, environment: "prod" });
    expect(problems[path]?.problem).toContain(why);
  });

  it("does not ask the ingress for its counters, which each node has", () => {
    const { spec } = readSystem(openInProd({ target: "swarm", system: "full" }), facts);
    expect(spec?.services.map(({ name }) => name)).not.toContain("nginx-exporter");
    const services = { "nginx-exporter": { limits: { memory: "128MiB" } } };
    expect(refused({ system: "full", services })["services.nginx-exporter"]?.problem).toContain(
      "a container on each node",
    );
  });

  it("refuses the name of a stack with a dot", () => {
    const raw = openInProd({ target: "swarm", ...financerag });
    const { problems } = readSystem(raw, { ...facts, stack: "prod.eu" });
    expect(problems.map(({ path, fix }) => `${path}: ${fix}`)).toEqual([
      "ragdock:target: Give the stack another name, such as prod-eu.",
    ]);
  });

  it("advises an exposure that the service may have", () => {
    const services = { prometheus: { exposure: "loopback" } };
    expect(refused({ system: "full", services })["services.prometheus.exposure"]?.fix).toContain(
      setCommand("services.prometheus.exposure", "none"),
    );
    const registry = { exposure: "loopback" };
    const { "services.registry.exposure": own } = refused({ system: "full", services: { registry } });
    expect(own?.fix).toContain(removeCommand("services.registry.exposure"));
  });

  it("runs the exporters of one machine on each node, with the folders that they read", () => {
    expect(refused({ ...financerag, system: "full", services: { cadvisor: { enabled: true } } })).toEqual({});
  });
});
