/**
 * Tests the program's registrations under Pulumi's mocks: names, inputs and secrecy. tests/e2e and
 * tests/engine test the work of the providers and a failed job.
 */
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { volumesOfNodes } from "../../../components/stack.ts";
import { isLongRunning } from "../../../config/spec/service.ts";
import { systemWith } from "../../support/program.ts";
import { container, forget, ofType, register, registered } from "../../support/registered.ts";

beforeEach(forget);
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
    await forget();
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

describe("the migrations", () => {
  it("keep their dependents waiting while their result is unknown", async () => {
    await register({}, { preview: true });
    const imageOf = (service: string): unknown => container(service)?.inputs.image;
    expect(imageOf("postgres")).toBe("sha256:ragdock-test-image-postgres");
    expect(container("api")?.name).toBe("ragdock-test-api");
    expect(pulumi.isUnknown(imageOf("api"))).toBe(true);
    await forget();
    await register({});
    expect(imageOf("api")).toBe("sha256:ragdock-test-image-app");
  });
});

describe("the volumes of a Swarm", () => {
  it("are in the outputs with the recorded times, and new ones with the present time", async () => {
    const name = "ragdock-test-redis-data";
    const volumes = (existingVolumes: Record<string, string>) =>
      new Promise<Record<string, string>>((done) => {
        const stack = { project: "ragdock", stack: "test" };
        const system = systemWith({ system: "m31" });
        pulumi.output(volumesOfNodes({ ...stack, system, existingVolumes })).apply(done);
      });
    expect(await volumes({ [name]: "before" })).toMatchObject({ [name]: "before" });
    expect(Date.parse((await volumes({}))[name] ?? "")).toBeGreaterThan(Date.now() - 60_000);
  });
});
