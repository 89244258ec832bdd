/**
 * Tests the program's registrations under Pulumi's mocks: names, inputs and secrecy. tests/e2e and
 * tests/engine test the work of the providers and a failed job.
 */
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RagStack } from "../../../components/stack.ts";
import { resolveSystem } from "../../../config/resolve.ts";
import { isLongRunning, type SystemSpec } from "../../../config/spec/service.ts";
import { systems } from "../../../config/systems/index.ts";
import { openInProd } from "../../support/program.ts";

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

const canary = "canary0123456789canary0123456789";
let registered: Registered[] = [];

class Mocks implements pulumi.runtime.Mocks {
  private readonly preview: boolean;

  constructor(preview: boolean) {
    this.preview = preview;
  }

  newResource({ type, name, inputs }: pulumi.runtime.MockResourceArgs) {
    registered.push({ type, name, inputs });
    const state = { ...inputs, name: inputs.name ?? `${name}-0000000` };
    if (type.endsWith(":RandomPassword"))
      return { id: name, state: { ...state, result: pulumi.secret(canary) } };
    if (type.endsWith(":RemoteImage")) return { id: name, state: { ...state, imageId: `sha256:${name}` } };
    if (type.endsWith(":Container"))
      return {
        id: name,
        state: { ...state, ...(this.preview ? {} : { exitCode: 0, containerLogs: "log" }) },
      };
    return { id: `${name}-id`, state };
  }

  call() {
    return {};
  }
}

const keys = {
  llmApiKey: pulumi.secret("sk-canary"),
  openaiApiKey: pulumi.secret("sk-canary"),
  mistralApiKey: pulumi.secret("sk-canary"),
  alertWebhook: pulumi.secret("https://hook.example.org/canary"),
};

async function register(raw: Record<string, unknown>, { preview = false } = {}): Promise<SystemSpec> {
  await pulumi.runtime.setMocks(new Mocks(preview), "ragdock", "test", preview);
  const system = resolveSystem(openInProd(raw), {
    project: "ragdock",
    stack: "test",
    secrets: new Set(Object.keys(keys)),
    host: {},
  });
  new RagStack("ragdock-test", {
    project: "ragdock",
    stack: "test",
    system,
    secrets: keys,
    baseImage: "ragdock/base:test",
    existingVolumes: {},
    broken: {},
    hostPath: (path) => `/project/${path}`,
  });
  await pulumi.runtime.disconnect();
  return system;
}

const ofType = (suffix: string): Registered[] => registered.filter((r) => r.type.endsWith(suffix));
const container = (service: string): Registered | undefined =>
  ofType("/container:Container").find((r) => r.name === `ragdock-test-${service}`);

beforeEach(async () => {
  registered = [];
  await pulumi.runtime.disconnect();
});
afterEach(() => pulumi.runtime.disconnect());

describe.each(["dev", "prod"])("full in %s", (environment) => {
  it("registers one container per replica, and uses every name once", async () => {
    const system = await register({ environment });
    const replicas = system.services.reduce((sum, s) => sum + (isLongRunning(s) ? s.replicas : 1), 0);
    expect(ofType("/container:Container")).toHaveLength(replicas);
    const names = registered.map((r) => `${r.type} ${r.name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(registered.every((r) => r.name.startsWith("ragdock-test"))).toBe(true);
  });

  it("sets the names of volumes but not of containers, so that old and new containers can run together", async () => {
    await register({ environment });
    for (const volume of ofType("/volume:Volume")) expect(volume.inputs.name).toBe(volume.name);
    for (const { inputs } of ofType("/container:Container")) expect(inputs.name).toBeUndefined();
  });

  it("puts secrets into files only", async () => {
    await register({ environment, llm: { provider: "openai" } });
    const withSecret = ofType("/container:Container").filter((r) =>
      JSON.stringify(r.inputs).includes("canary"),
    );
    expect(withSecret.length).toBeGreaterThan(4);
    expect(withSecret.map(({ name }) => name)).toContain("ragdock-test-alertmanager");
    for (const { inputs } of withSecret) {
      const { uploads, ...rest } = inputs;
      expect(JSON.stringify(rest)).not.toContain("canary");
      expect(JSON.stringify(uploads)).toContain("canary");
    }
  });
});

describe("the network with a route out", () => {
  interface Joined {
    readonly name: string;
    readonly aliases: readonly string[];
  }
  const joined = (service: string): Joined[] => container(service)?.inputs.networksAdvanced as Joined[];

  it("is the only one whose containers do not reach each other", async () => {
    await register({});
    const options = ofType("/network:Network").map(({ name, inputs }) => [
      name,
      inputs.internal,
      inputs.options,
    ]);
    const isolated = { "com.docker.network.bridge.enable_icc": "false" };
    expect(options.filter(([, internal]) => !internal)).toEqual([["ragdock-test-outside", false, isolated]]);
    expect(options.filter(([, , option]) => option === undefined)).toHaveLength(7);
  });

  it("has no name by which another service on it calls a service", async () => {
    await register({ services: { alertmanager: { exposure: "loopback" } } });
    for (const service of ["prometheus", "alertmanager", "ingress"]) {
      const outside = joined(service).find(({ name }) => name === "ragdock-test-outside-id");
      expect(outside?.aliases).toEqual([`${service}.outside`]);
    }
    const monitoring = joined("alertmanager").find(({ name }) => name === "ragdock-test-monitoring-id");
    expect(monitoring?.aliases).toEqual(["alertmanager", "alertmanager.monitoring"]);
  });
});

describe("a pinned image", () => {
  it("runs unchanged, even if the project cannot build it", async () => {
    await register({ images: "packages", pinned: { grafana: "my/grafana:12" } });
    const image = ofType("/remoteImage:RemoteImage").find((r) => r.name === "ragdock-test-image-grafana");
    expect(image?.inputs).toMatchObject({ name: "my/grafana:12" });
    expect(image?.inputs.build).toBeUndefined();
    expect(container("grafana")?.inputs.image).toBe("sha256:ragdock-test-image-grafana");
  });
});

describe("the Docker host in a container", () => {
  it("has a name only in services that call a model there", async () => {
    const llm = { provider: "ollama", baseUrl: "http://host.docker.internal:11434/v1" };
    await register({ llm });
    const named = ofType("/container:Container").filter((r) => r.inputs.hosts !== undefined);
    expect(named.map(({ name }) => name).sort()).toEqual(
      ["api", "migrate", "worker"].map((service) => `ragdock-test-${service}`),
    );
    expect(named[0]?.inputs.hosts).toEqual([{ host: "host.docker.internal", ip: "host-gateway" }]);
    registered = [];
    await register({});
    expect(ofType("/container:Container").filter((r) => r.inputs.hosts !== undefined)).toEqual([]);
  });

  it("mounts its folders into containers without SELinux labels, and all others keep their labels", async () => {
    await register({ images: "registry" });
    const unlabelled = ofType("/container:Container").filter((r) =>
      (r.inputs.securityOpts as string[]).includes("label=disable"),
    );
    const mounting = ofType("/container:Container").filter((r) => (r.inputs.mounts as unknown[]).length > 0);
    expect(mounting.length).toBeGreaterThan(0);
    expect(unlabelled).toEqual(mounting);
  });
});

describe("a rotated secret", () => {
  it("is generated again, and all other secrets stay", async () => {
    await register({ rotations: { postgres: 3 } });
    const keepers = Object.fromEntries(ofType(":RandomPassword").map((r) => [r.name, r.inputs.keepers]));
    expect(keepers).toEqual({
      "ragdock-test-postgres-admin-password": undefined,
      "ragdock-test-postgres-monitor-password": { generation: "3" },
      "ragdock-test-postgres-password": { generation: "3" },
      "ragdock-test-redis-admin-password": undefined,
      "ragdock-test-redis-monitor-password": undefined,
      "ragdock-test-redis-password": undefined,
      "ragdock-test-grafana-password": undefined,
    });
  });
});

describe("containers", () => {
  it("all have limits, rotated logs and no new privileges", async () => {
    await register({});
    for (const { name, inputs } of ofType("/container:Container")) {
      expect(inputs, name).toMatchObject({
        logDriver: "json-file",
        logOpts: { "max-size": "10m", "max-file": "3" },
        securityOpts: [
          "no-new-privileges:true",
          ...((inputs.mounts as unknown[]).length > 0 ? ["label=disable"] : []),
        ],
        memorySwap: -1,
      });
      expect(inputs.cpus, name).toMatch(/^\d+\.\d+$/);
    }
  });

  it.each(Object.keys(systems))("drop all capabilities that they do not name, in %s", async (system) => {
    for (const environment of ["dev", "prod"]) {
      registered = [];
      await register({ system, environment });
      await pulumi.runtime.disconnect();
      const kept = ofType("/container:Container").flatMap(({ name, inputs }) => {
        const { drops, adds } = inputs.capabilities as { drops: string[]; adds?: string[] };
        expect(drops, name).toEqual(["ALL"]);
        return adds ? [[name, adds]] : [];
      });
      for (const [name, adds] of kept)
        expect([name, adds]).toEqual(["ragdock-test-cadvisor", ["CAP_DAC_READ_SEARCH"]]);
    }
  });

  it("keep the capabilities that an own application names", async () => {
    await register({ app: { image: "mine:1", capabilities: ["CHOWN", "SETUID"] } });
    expect(container("api")?.inputs.capabilities).toEqual({
      drops: ["ALL"],
      adds: ["CAP_CHOWN", "CAP_SETUID"],
    });
    expect(container("api")?.inputs.readOnly).toBeUndefined();
  });

  it("have a read-only root where they say what they write, unless they have files", async () => {
    await register({});
    expect(container("ui")?.inputs).toMatchObject({ readOnly: true, tmpfs: { "/tmp": "size=64m" } });
    registered = [];
    await pulumi.runtime.disconnect();
    await register({ services: { ui: { files: [{ path: "/etc/x", content: "x" }] } } });
    expect(container("ui")?.inputs.readOnly).toBeUndefined();
  });

  it("have durations in the provider's format", async () => {
    await register({});
    expect(container("postgres")?.inputs.healthcheck).toMatchObject({ interval: "2s", startPeriod: "1m0s" });
  });

  it("are created with their grace period", async () => {
    await register({});
    const services = ofType("/container:Container").filter((r) => r.inputs.wait);
    for (const { name, inputs } of services)
      expect(inputs.destroyGraceSeconds, name).toBeGreaterThanOrEqual(10);
    expect(container("postgres")?.inputs.destroyGraceSeconds).toBe(120);
  });

  it("mount the source in dev on request", async () => {
    await register({ services: { api: { sourceMount: true } } });
    expect(container("api")?.inputs.mounts).toEqual([
      { type: "bind", source: "/project/app", target: "/app", readOnly: true },
    ]);
  });
});

describe("the migrations", () => {
  it("delay their dependents while their result is unknown", async () => {
    await register({}, { preview: true });
    const imageOf = (service: string): unknown => container(service)?.inputs.image;
    expect(imageOf("postgres")).toBe("sha256:ragdock-test-image-postgres");
    expect(container("api")?.name).toBe("ragdock-test-api");
    expect(pulumi.isUnknown(imageOf("api"))).toBe(true);
    await pulumi.runtime.disconnect();
    registered = [];
    await register({});
    expect(imageOf("api")).toBe("sha256:ragdock-test-image-app");
  });
});
