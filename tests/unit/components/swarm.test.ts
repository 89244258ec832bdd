/**
 * Tests what the program registers for a Swarm, under Pulumi's mocks. tests/slow/swarm.test.ts runs
 * it on three engines.
 */
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { forget, ofType, register } from "../../support/registered.ts";

const settings = {
  target: "swarm",
  system: "financerag",
  environment: "prod",
  registry: "registry.example.org/team",
};

type Inputs = Record<string, unknown>;

const service = (name: string) => ofType("/service:Service").find((s) => s.name === `ragdock-test-${name}`);
const task = (name: string): Inputs => service(name)?.inputs.taskSpec as Inputs;
const containerSpec = (name: string): Inputs => task(name).containerSpec as Inputs;

beforeEach(forget);
afterEach(() => pulumi.runtime.disconnect());

describe("financerag on a Swarm", () => {
  beforeEach(() => register(settings));

  it("is one service of Swarm for each service that stays up, and no container", () => {
    expect(ofType("/container:Container").map(({ name }) => name)).toEqual([]);
    expect(ofType("/volume:Volume")).toEqual([]);
    const replicas = Object.fromEntries(
      ofType("/service:Service").map(({ name, inputs }) => [name.replace("ragdock-test-", ""), inputs.mode]),
    );
    expect(replicas).toMatchObject({
      financerag: { replicated: { replicas: 3 } },
      chroma: { replicated: { replicas: 1 } },
      gateway: { replicated: { replicas: 2 } },
      ingress: { global: true },
    });
  });

  it("has a generated name, so that two revisions can run at the same time", () => {
    for (const { inputs } of ofType("/service:Service")) expect(inputs.name).toBeUndefined();
  });

  it("takes a secret of Swarm for each file with a key, and a config for each other file", async () => {
    await forget();
    await register({ ...settings, embeddings: { provider: "openai" }, llm: { provider: "openai" } });
    const secrets = containerSpec("financerag").secrets as { fileName: string; secretId: string }[];
    expect(secrets.length).toBeGreaterThan(0);
    for (const { fileName } of secrets) expect(fileName).toMatch(/^\/run\/secrets\//);
    const open = ofType("/service:Service").map(({ inputs }) => inputs);
    expect(JSON.stringify(open)).not.toContain("canary");
    const encoded = Buffer.from("sk-canary").toString("base64");
    expect(JSON.stringify(open)).not.toContain(encoded);
    expect(JSON.stringify(ofType("/serviceConfig:ServiceConfig"))).not.toContain(encoded);
    expect(JSON.stringify(ofType("/secret:Secret"))).toContain(encoded);
  });

  it("names secrets and configs so that the deployer's suffix fits into Swarm's 64 characters", () => {
    const all = [...ofType("/secret:Secret"), ...ofType("/serviceConfig:ServiceConfig")];
    expect(all.length).toBeGreaterThan(4);
    for (const { name } of all) expect(name.length).toBeLessThanOrEqual(56);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  it("pushes what is built, and runs every image by digest", () => {
    const image = (name: string) => containerSpec(name).image as string;
    expect(image("financerag")).toMatch(
      /^registry\.example\.org\/team\/ragdock\/financerag:[0-9a-f]{12}@sha256:0{64}$/,
    );
    for (const { name } of ofType("/service:Service"))
      expect(image(name.replace("ragdock-test-", "")), name).toContain("@sha256:");
  });

  it("pushes to the registry that the stack runs if the settings name none, and gives the nodes its login", async () => {
    await forget();
    await register({ ...settings, registry: undefined, services: { registry: { port: 5001 } } });
    expect(containerSpec("financerag").image).toMatch(
      /^127\.0\.0\.1:5001\/ragdock\/financerag:[0-9a-f]{12}@sha256:0{64}$/,
    );
    const auth = {
      serverAddress: "127.0.0.1:5001",
      username: "ragdock",
      password: "canary0123456789canary0123456789",
    };
    // A value that is secret, and so encrypted in the state.
    expect(service("financerag")?.inputs.auth).toMatchObject({ value: auth });
    expect(service("registry")?.inputs).toMatchObject({
      mode: { global: true },
      endpointSpec: { ports: [{ publishedPort: 5001, publishMode: "host" }] },
    });
    // Images that are pulled come from their own registries, and so does the registry itself.
    for (const name of ["registry", "registry-images", "gateway", "ingress"]) {
      expect(service(name)?.inputs.auth, name).toBeUndefined();
      expect(containerSpec(name).image, name).not.toContain("127.0.0.1");
    }
    expect(task("registry-images").placement).toEqual({
      constraints: ["node.labels.ragdock.volume.ragdock-test-registry-data==true"],
    });
  });

  it("runs no registry if the settings name one", () => {
    expect(service("registry")).toBeUndefined();
    expect(service("financerag")?.inputs.auth).toBeUndefined();
  });

  it("publishes the registry on each node, whatever the nodes of the ingress are", async () => {
    await forget();
    await register({ ...settings, registry: undefined, swarm: { ingressNodes: "public" } });
    expect(task("registry").placement).toBeUndefined();
  });

  it("spreads replicas over a label, publishes ports on nodes with another one, and encrypts its networks", async () => {
    await forget();
    await register({ ...settings, swarm: { spread: "zone", ingressNodes: "public", encrypted: true } });
    expect(task("financerag").placement).toEqual({ prefs: ["node.labels.zone"] });
    expect(task("ingress").placement).toEqual({ constraints: ["node.labels.public==true"] });
    const networks = ofType("/network:Network");
    expect(networks.length).toBeGreaterThan(3);
    for (const { name, inputs } of networks) expect(inputs.options, name).toEqual({ encrypted: "" });
  });

  it("leaves all nodes to Swarm, and networks as they are, without these settings", () => {
    expect(task("financerag").placement).toBeUndefined();
    expect(task("ingress").placement).toBeUndefined();
    for (const { name, inputs } of ofType("/network:Network")) expect(inputs.options, name).toBeUndefined();
  });

  it("publishes ports on each node and asks for no routing mesh", () => {
    expect(service("ingress")?.inputs.endpointSpec).toEqual({
      mode: "dnsrr",
      ports: [{ protocol: "tcp", targetPort: 8080, publishedPort: 8000, publishMode: "host" }],
    });
    for (const { name, inputs } of ofType("/service:Service"))
      expect(inputs.endpointSpec, name).toMatchObject({ mode: "dnsrr" });
  });

  it("waits for each service but the ingress, for which the provider cannot wait", () => {
    for (const { name, inputs } of ofType("/service:Service"))
      expect(inputs.convergeConfig !== undefined, name).toBe(name !== "ragdock-test-ingress");
  });

  it("keeps a container with data on the node of its volume, and stops it before the next one", () => {
    expect(task("chroma").placement).toEqual({
      constraints: ["node.labels.ragdock.volume.ragdock-test-chroma-data==true"],
    });
    expect(task("financerag").placement).toBeUndefined();
    expect(service("chroma")?.inputs.updateConfig).toMatchObject({ order: "stop-first" });
    expect(service("financerag")?.inputs.updateConfig).toMatchObject({ order: "start-first" });
    expect(service("gateway")?.inputs.updateConfig).toMatchObject({ order: "start-first" });
    expect(service("ingress")?.inputs.updateConfig).toMatchObject({ order: "stop-first" });
  });

  it("lets Swarm replace an unhealthy application after its time, and never a store", () => {
    const retries = (name: string) => (containerSpec(name).healthcheck as { retries: number }).retries;
    expect(retries("financerag")).toBe(60);
    expect(retries("chroma")).toBe(1_000_000);
    expect(JSON.stringify(containerSpec("financerag").healthcheck)).not.toContain("recover");
  });

  it("gives each service with a route out a network for it alone", () => {
    const networks = ofType("/network:Network");
    for (const { inputs } of networks) expect(inputs).toMatchObject({ driver: "overlay", attachable: true });
    const open = networks.filter(({ inputs }) => !inputs.internal).map(({ name }) => name);
    expect(open.length).toBeGreaterThan(0);
    for (const name of open) {
      const users = ofType("/service:Service").filter(({ inputs }) =>
        JSON.stringify(inputs.taskSpec).includes(`${name}-id`),
      );
      expect(users, name).toHaveLength(1);
    }
    expect(open).toContain("ragdock-test-outside-ingress");
  });

  it("gives no time to stop where Swarm's own is the right one, because the provider would wait as long", () => {
    expect(containerSpec("financerag").stopGracePeriod).toBe("30s");
    expect(containerSpec("blackbox-exporter").stopGracePeriod).toBeUndefined();
  });

  it("has the aliases that a container has on one engine", () => {
    const joined = task("financerag").networksAdvanceds as { id: string; aliases: string[] }[];
    const app = joined.find(({ id }) => id === "ragdock-test-app-id");
    expect(app?.aliases).toEqual([
      "financerag",
      expect.stringMatching(/^financerag-[0-9a-f]{8}$/),
      "financerag.app",
    ]);
  });

  it("lets an exporter listen before Swarm knows its name", () => {
    const { commands, healthcheck } = containerSpec("blackbox-exporter");
    expect(commands).toBeUndefined();
    expect(JSON.stringify(healthcheck)).not.toContain("/etc/hosts");
  });
});

describe("the exporters of one machine", () => {
  beforeEach(() => register({ ...settings, system: "full", services: { cadvisor: { enabled: true } } }));

  it("run on each node, and node-exporter has its name", () => {
    for (const name of ["node-exporter", "cadvisor"]) {
      expect(service(name)?.inputs.mode, name).toEqual({ global: true });
      expect(containerSpec(name).hostname, name).toBe("{{.Node.Hostname}}");
    }
    expect(containerSpec("cadvisor").mounts).toContainEqual({
      type: "bind",
      source: "/project//",
      target: "/rootfs",
      readOnly: true,
    });
  });

  it("are one target of Prometheus on each node", () => {
    const configs = ofType("/serviceConfig:ServiceConfig").map(({ inputs }) =>
      Buffer.from(inputs.data as string, "base64").toString(),
    );
    const text = configs.find((one) => one.includes("scrape_configs")) ?? "";
    const { scrape_configs: jobs } = parse(text) as { scrape_configs: Record<string, unknown>[] };
    for (const name of ["node-exporter", "cadvisor"])
      expect(jobs.find(({ job_name: job }) => job === name)).toMatchObject({
        dns_sd_configs: [{ names: [`${name}.monitoring`], type: "A" }],
      });
  });
});

describe("a job on a Swarm", () => {
  it("is a container on the manager, on the networks of its stack", async () => {
    await register({ ...settings, services: { financerag: { soak: "5s" } } });
    const [job] = ofType("/container:Container");
    expect(job?.name).toBe("ragdock-test-financerag-soak");
    expect(job?.inputs.networksAdvanced).toMatchObject([{ name: "ragdock-test-app-id" }]);
  });

  it("delays the services after it while its result is unknown", async () => {
    await register({ ...settings, services: { financerag: { soak: "5s" } } }, { preview: true });
    expect(pulumi.isUnknown(containerSpec("financerag").image)).toBe(false);
    expect(pulumi.isUnknown(containerSpec("gateway").image)).toBe(true);
  });
});
