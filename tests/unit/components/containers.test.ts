/**
 * Tests the networks, limits and confinement of containers, as the program registers them under
 * Pulumi's mocks. tests/systems and tests/e2e observe real containers.
 */
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { plannedRevisions } from "../../../components/stack.ts";
import { systems } from "../../../config/systems/index.ts";
import { container, forget, ofType, register } from "../../support/registered.ts";

beforeEach(forget);
afterEach(() => pulumi.runtime.disconnect());

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

  it("gives no service a name that others could call", async () => {
    await register({ services: { alertmanager: { exposure: "loopback" } } });
    for (const service of ["prometheus", "alertmanager", "ingress"]) {
      const outside = joined(service).find(({ name }) => name === "ragdock-test-outside-id");
      expect(outside?.aliases).toEqual([`${service}.outside`]);
    }
    const monitoring = joined("alertmanager").find(({ name }) => name === "ragdock-test-monitoring-id");
    expect(monitoring?.aliases).toEqual(["alertmanager", "alertmanager.monitoring"]);
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

  it("of own applications have the revision name that the plan computed", async () => {
    const web = { image: "registry.example.org/web:1", port: 8000, route: "/" };
    const worker = { image: "registry.example.org/web:1", command: ["work"] };
    const given = { secretVersions: {}, broken: { "ragdock-test-web": "abc" } };
    const system = await register({ apps: { web, worker } }, given);
    const name = { project: "ragdock", stack: "test" };
    const planned = plannedRevisions({ ...name, ...given, system, baseImage: "ragdock/base:test" });
    for (const service of ["web", "worker"]) {
      expect(planned[service]).toMatch(new RegExp(`^${service}-[0-9a-f]{8}$`));
      expect(container(service)?.inputs.labels).toContainEqual({
        label: "ragdock.revision",
        value: planned[service],
      });
    }
    expect(JSON.stringify(container("postgres")?.inputs.labels)).not.toContain("ragdock.revision");
  });

  it("get no empty file, because the provider refuses it", async () => {
    await register({
      apps: { web: { image: "web:1", port: 8000, route: "/" } },
      services: { web: { files: [{ path: "/srv/__init__.py", content: "" }] } },
    });
    const uploads = ofType("/container:Container").flatMap(
      ({ inputs }) => (inputs.uploads ?? []) as { file: string; content: string }[],
    );
    expect(uploads.filter(({ content }) => content === "")).toEqual([]);
    expect(uploads.find(({ file }) => file === "/srv/__init__.py")?.content).toBe("\n");
    // The gateway waits for no URL of an application that is not checked over HTTP.
    expect(uploads.find(({ file }) => file === "/etc/ragdock/revisions")?.content).toBe("\n");
  });

  it.each(Object.keys(systems))(
    "drop all capabilities that their settings do not list, in %s",
    async (system) => {
      for (const environment of ["dev", "prod"]) {
        await forget();
        await register({ system, environment });
        const kept = ofType("/container:Container").flatMap(({ name, inputs }) => {
          const { drops, adds } = inputs.capabilities as { drops: string[]; adds?: string[] };
          expect(drops, name).toEqual(["ALL"]);
          return adds ? [[name, adds]] : [];
        });
        for (const [name, adds] of kept)
          expect([name, adds]).toEqual(["ragdock-test-cadvisor", ["CAP_DAC_READ_SEARCH"]]);
      }
    },
  );

  it("keep the capabilities that an own application lists", async () => {
    await register({ app: { image: "mine:1", capabilities: ["CHOWN", "SETUID"] } });
    expect(container("api")?.inputs.capabilities).toEqual({
      drops: ["ALL"],
      adds: ["CAP_CHOWN", "CAP_SETUID"],
    });
    expect(container("api")?.inputs.readOnly).toBeUndefined();
  });

  it("of own applications with the same folder run one image, which is built once with their settings", async () => {
    const folder = {
      source: "tests/support/fixtures/flask-app",
      build: { target: "production", args: { VERSION: "7" } },
    };
    const web = { ...folder, port: 5000, route: "/", migrate: ["migrate"] };
    await register({ apps: { web, worker: { ...folder, entrypoint: ["run"], command: ["work"] } } });
    const built = ofType("/remoteImage:RemoteImage").filter(({ name }) => name.includes("image-app"));
    expect(built.map(({ name }) => name)).toEqual(["ragdock-test-image-app-web"]);
    expect(built[0]?.inputs.build).toMatchObject({
      context: folder.source,
      dockerfile: "Dockerfile",
      target: "production",
      buildArgs: { VERSION: "7" },
    });
    for (const name of ["web", "web-migrate", "worker"])
      expect(container(name)?.inputs.image, name).toBe("sha256:ragdock-test-image-app-web");
    expect(container("worker")?.inputs).toMatchObject({ entrypoints: ["run"], command: ["work"] });
  });

  it("have a read-only root if their settings list what they write, unless they have files", async () => {
    await register({});
    expect(container("ui")?.inputs).toMatchObject({
      readOnly: true,
      tmpfs: { "/tmp": "size=64m" },
      // The count of restarts has to stay when Docker starts the container again.
      volumes: [{ containerPath: "/var/tmp" }],
    });
    expect(container("nginx-exporter")?.inputs).toMatchObject({ readOnly: true, volumes: [] });
    await forget();
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

describe("a container without a route out", () => {
  it("asks no DNS server but Docker's", async () => {
    await register({});
    const { dns, dnsOpts } = container("postgres")?.inputs ?? {};
    expect({ dns, dnsOpts }).toEqual({ dns: ["127.0.0.1"], dnsOpts: ["timeout:1", "attempts:2"] });
    expect(container("ingress")?.inputs.dns).toBeUndefined();
  });
});
