/**
 * Tests the aliases of revisions, the soak of new ones, and equal deployments. tests/e2e tests them
 * on Docker.
 */
import { describe, expect, it } from "vitest";
import { revisionName, routed } from "../../../components/revision.ts";
import { type Deployment, isSame, withDeployment } from "../../../config/spec/deployment.ts";
import { serviceOf, systemWith } from "../../support/program.ts";

/** Returns the API's revision for these settings. */
const named = (settings: Record<string, unknown>, image = "app:1", rotations = {}): string =>
  revisionName(serviceOf(systemWith({ services: { api: settings }, rotations }), "api"), image);

describe("a revision's name", () => {
  const name = named({});

  it("is a network alias", () => expect(name).toMatch(/^api-[0-9a-f]{8}$/));

  it("changes with the containers", () => {
    expect(named({}, "app:2")).not.toBe(name);
    expect(named({ environment: { X: "1" } })).not.toBe(name);
    expect(named({ limits: { cpus: 0.5 } })).not.toBe(name);
  });

  it("changes with the number of replicas, so that no replica gets requests before it is healthy or while it stops", () =>
    expect(named({ replicas: 3 })).not.toBe(name));

  it("changes with a rotation of the service's own secrets only", () => {
    expect(named({}, "app:1", { postgres: 2 })).not.toBe(name);
    expect(named({}, "app:1", { grafana: 2 })).toBe(name);
  });

  it.each([
    ["memory", { limits: { memory: "1GiB" } }],
    ["logs", { logs: { maxFiles: 9 } }],
    ["the soak", { soak: "7s" }],
  ])("does not change with %s, which replaces no container", (_, settings) =>
    expect(named(settings)).toBe(name),
  );

  it("changes with the entrypoint", () => {
    const api = serviceOf(systemWith(), "api");
    expect(revisionName({ ...api, entrypoint: ["sh"] }, "app:1")).not.toBe(name);
  });

  it("does not change with an additional dependency", () => {
    const api = serviceOf(systemWith(), "api");
    const more = { ...api, dependsOn: [...api.dependsOn, "ui"] };
    expect(revisionName(more, "app:1")).toBe(name);
  });

  it("does not change with an alert webhook or a scrape interval, so monitoring replaces no application", () => {
    const system = systemWith({
      monitoring: { alertWebhook: "http://hook.example/", scrapeInterval: "30s" },
    });
    expect(revisionName(serviceOf(system, "api"), "app:1")).toBe(name);
  });

  it("is in the gateway's file, and not in the ingress' file, which must not change with it", () => {
    const only = (service: string) => routed(systemWith().services.filter((s) => s.name === service));
    expect([...only("gateway")].sort()).toEqual(["api", "ui"]);
    expect([...only("ingress")]).toEqual([]);
  });
});

describe("the soak of a new revision", () => {
  const waits = (raw: Record<string, unknown>) => serviceOf(systemWith(raw), "gateway").dependsOn;

  it("comes before the gateway in production", () => {
    expect(waits({ environment: "prod" })).toContain("api-soak");
    expect(waits({})).not.toContain("api-soak");
  });

  it("can be set and switched off", () => {
    expect(waits({ services: { api: { soak: "5s" } } })).toContain("api-soak");
    expect(waits({ environment: "prod", services: { api: { soak: "0s" } } })).not.toContain("api-soak");
  });

  it("is refused for a service without an HTTP health check", () => {
    expect(() => systemWith({ services: { worker: { soak: "5s" } } })).toThrow(
      "ragdock:services.worker.soak",
    );
  });
});

describe("two deployments", () => {
  const one: Deployment = {
    at: "2026-01-01T00:00:00.000Z",
    settings: { system: "full", services: '{"api":{"replicas":2},"ui":{}}' },
    images: { app: "ragdock/app:1" },
  };
  const later = (changes: Partial<Deployment>): Deployment => ({
    ...one,
    at: "2026-02-02T00:00:00.000Z",
    ...changes,
  });
  const pinned = later({ settings: { ...one.settings, pinned: '{"app":"ragdock/app:1"}' } });

  it("are equal if they differ only in a setting that has no effect", () => {
    expect(isSame(one, pinned, ["pinned"])).toBe(true);
    expect(isSame(one, pinned, [])).toBe(false);
  });

  it("are equal whatever the order of the keys of their settings", () =>
    expect(
      isSame(one, later({ settings: { ...one.settings, services: '{"ui":{},"api":{"replicas":2}}' } }), []),
    ).toBe(true));

  it("differ in a setting or an image", () => {
    expect(isSame(one, later({ images: { app: "ragdock/app:2" } }), [])).toBe(false);
    expect(isSame(one, later({ settings: { system: "m31" } }), [])).toBe(false);
  });

  it("are separate entries of the history only if they differ, and the history keeps the last ten", () => {
    expect(withDeployment([one], pinned)).toEqual([one]);
    const many = Array.from({ length: 12 }, (_, index) => later({ images: { app: `ragdock/app:${index}` } }));
    const history = many.reduce<readonly Deployment[]>(withDeployment, []);
    expect(history.map(({ images }) => images.app)).toEqual(many.slice(2).map(({ images }) => images.app));
  });
});
