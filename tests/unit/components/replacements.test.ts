/**
 * Tests which inputs of the applications' containers differ after a change of the settings, under
 * Pulumi's mocks. Does not prove what the provider does with a changed input. tests/e2e proves
 * that.
 */
import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RagStack } from "../../../components/stack.ts";
import { ignoreChanges } from "../../../config/spec/container-options.ts";
import type { SystemSpec } from "../../../config/spec/service.ts";
import { systemWith } from "../../support/program.ts";

type Inputs = Readonly<Record<string, unknown>>;

const mocks: pulumi.runtime.Mocks & { containers: Map<string, Inputs> } = {
  containers: new Map(),
  newResource({ type, name, inputs }) {
    const state = { ...inputs, name: inputs.name ?? `${name}-0000000` };
    if (type.endsWith(":RandomPassword"))
      return { id: name, state: { ...state, result: pulumi.secret(`${name}-0123456789`) } };
    if (type.endsWith(":RemoteImage"))
      return { id: name, state: { ...state, imageId: `sha256:${inputs.name}` } };
    if (!type.endsWith(":Container")) return { id: `${name}-id`, state };
    this.containers.set(name, inputs);
    return { id: name, state: { ...state, exitCode: 0, containerLogs: "log" } };
  },
  call: () => ({}),
};

/** The inputs of each container of a system, by name. */
async function containersOf(
  system: SystemSpec,
  broken: Readonly<Record<string, string>> = {},
): Promise<Map<string, Inputs>> {
  mocks.containers = new Map();
  await pulumi.runtime.setMocks(mocks, "ragdock", "test");
  new RagStack("ragdock-test", {
    project: "ragdock",
    stack: "test",
    system,
    secrets: {},
    deployer: "anna@laptop",
    baseImage: "ragdock/base:test",
    secretVersions: {},
    keptSecrets: {},
    pushImage: async (reference) => reference,
    stopReplaced: async () => {},
    imageProgram: async () => ({ entrypoint: ["/entrypoint"], command: ["serve"] }),
    existingVolumes: {},
    broken,
    hostPath: (path) => `/project/${path}`,
  });
  await pulumi.runtime.disconnect();
  return mocks.containers;
}

beforeEach(() => pulumi.runtime.disconnect());
afterEach(() => pulumi.runtime.disconnect());

type Raw = Record<string, unknown>;
const all = (settings: Raw): Raw =>
  Object.fromEntries(["api", "worker", "ui", "gateway"].map((name) => [name, settings]));

/**
 * Returns the differences by container: the names of its inputs, or `new` or `gone` if only one
 * side has it.
 */
type Changes = Record<string, readonly string[] | "new" | "gone">;

function differences(old: ReadonlyMap<string, Inputs>, next: ReadonlyMap<string, Inputs>): Changes {
  const found: Changes = {};
  for (const name of new Set([...old.keys(), ...next.keys()])) {
    const [a, b] = [old.get(name), next.get(name)];
    const keys = Object.keys({ ...a, ...b }).filter((key) => !isDeepStrictEqual(a?.[key], b?.[key]));
    const short = name.replace("ragdock-test-", "");
    if (a && b && keys.length > 0) found[short] = keys;
    else if (!a || !b) found[short] = a ? "gone" : "new";
  }
  return found;
}

/** A system whose images are given by name, so that no build context is read. */
const systemOf = (raw: Raw): SystemSpec => systemWith({ ...raw, pinned: { app: "app:1", ui: "ui:1" } });
const plain = systemOf({});
const containersOfPlain = await containersOf(plain);

const change = async (before: Raw, after: Raw): Promise<Changes> => {
  const old = isDeepStrictEqual(before, {}) ? containersOfPlain : await containersOf(systemOf(before));
  return differences(old, await containersOf(systemOf(after)));
};

describe("no container of an application is replaced by", () => {
  it("a changed soak, which replaces only the job that watches new revisions", async () => {
    const services = { api: { soak: "7s" }, ui: { soak: "7s" } };
    expect(await change({ services }, { services: { api: { soak: "9s" }, ui: { soak: "9s" } } })).toEqual({
      "api-soak": ["uploads"],
      "ui-soak": ["uploads"],
    });
  });

  it("an added soak, which adds only its job", async () => {
    const found = await change({}, { services: { api: { soak: "9s" } } });
    // Prometheus' rules also contain the limits of jobs.
    expect(found).toEqual({ "api-soak": "new", prometheus: ["uploads"] });
  });

  it("an additional or a removed dependency", async () => {
    const services = plain.services.map((s) => ({
      ...s,
      dependsOn:
        s.name === "worker" ? [...s.dependsOn, "ui"] : s.dependsOn.filter((name) => name !== "redis"),
    }));
    expect(differences(containersOfPlain, await containersOf({ ...plain, services }))).toEqual({});
  });

  it("changed log options, which Docker applies to new containers only", async () => {
    const found = await change({}, { services: all({ logs: { maxSize: "7MiB", maxFiles: 7 } }) });
    // Prometheus compares the sizes of the logs with the disk.
    const { prometheus, ...others } = found;
    expect(others).toEqual({ api: ["logOpts"], worker: ["logOpts"], ui: ["logOpts"], gateway: ["logOpts"] });
    expect(prometheus).toEqual(["uploads"]);
    expect(ignoreChanges).toContain("logOpts");
  });

  it("a changed memory limit, which the provider updates in place", async () => {
    const found = await change({}, { services: all({ limits: { memory: "2GiB" } }) });
    for (const name of ["api", "worker", "ui", "gateway"]) expect(found[name], name).toEqual(["memory"]);
    const others = Object.keys(found).filter((name) => !["api", "worker", "ui", "gateway"].includes(name));
    // Prometheus' rules contain the limits.
    expect(others).toEqual(["prometheus"]);
  });

  it.each([
    [
      "an alert webhook",
      { alertWebhook: "http://hook.example/" },
      // Alertmanager gets a route out, and with it the DNS servers of the host.
      { alertmanager: ["dns", "dnsOpts", "networksAdvanced", "uploads"] },
    ],
    ["another scrape interval", { scrapeInterval: "30s" }, { prometheus: ["uploads"], grafana: ["uploads"] }],
    ["another retention", { retention: "3d" }, { prometheus: ["command"] }],
  ])("%s: it concerns the monitoring alone", async (_, monitoring, expected) => {
    expect(await change({}, { monitoring })).toEqual(expected);
  });
});

describe("a container is replaced, and the gateway after it, by", () => {
  it("its health", async () => {
    const next = await containersOf(plain, { "ragdock-test-api": "0123" });
    expect(differences(containersOfPlain, next)).toEqual({
      api: ["labels", "networksAdvanced"],
      gateway: ["uploads"],
    });
    const label = { label: "ragdock.replaces", value: "0123" };
    expect(next.get("ragdock-test-api")?.labels).toContainEqual(label);
  });

  it.each([
    ["a variable", { environment: { SAMPLE: "1" } }, "envs"],
    ["CPUs", { limits: { cpus: 0.5 } }, "cpus"],
    ["a file", { files: [{ path: "/sample", content: "x" }] }, "uploads"],
  ])("%s", async (_, settings, input) => {
    const found = await change({}, { services: { api: settings } });
    expect(found.api).toEqual(expect.arrayContaining([input, "networksAdvanced"]));
    expect(found.gateway).toEqual(["uploads"]);
    expect(found.worker).toBeUndefined();
  });
});
