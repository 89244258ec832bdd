/** Aliases of revisions, the soak of new ones, and which deployments are the same. What Docker makes of it: tests/e2e. */
import { describe, expect, it } from "vitest";
import { revisionName, routed } from "../../../components/revision.ts";
import { type Deployment, isSame, withDeployment } from "../../../config/spec/deployment.ts";
import { serviceOf, systemWith } from "../../support/program.ts";

/** The revision of the API with these settings of it. */
const named = (settings: Record<string, unknown>, image = "app:1", rotations = {}): string =>
  revisionName(serviceOf(systemWith({ services: { api: settings }, rotations }), "api"), image);

describe("a revision's name", () => {
  const name = named({});

  it("is an address", () => expect(name).toMatch(/^api-[0-9a-f]{8}$/));

  it("is another one when the containers are", () => {
    expect(named({}, "app:2")).not.toBe(name);
    expect(named({ environment: { X: "1" } })).not.toBe(name);
    expect(named({ limits: { cpus: 0.5 } })).not.toBe(name);
  });

  it("is another one when there are more or fewer, so that none is sent requests before it is healthy or while it ends", () =>
    expect(named({ replicas: 3 })).not.toBe(name));

  it("is another one when a secret that they have is rotated, and no other", () => {
    expect(named({}, "app:1", { postgres: 2 })).not.toBe(name);
    expect(named({}, "app:1", { grafana: 2 })).toBe(name);
  });

  it.each([
    ["memory", { limits: { memory: "1GiB" } }],
    ["logs", { logs: { maxFiles: 9 } }],
    ["the soak", { soak: "7s" }],
  ])("stays with %s, which replaces no container", (_, settings) => expect(named(settings)).toBe(name));

  it("is another one with another entrypoint", () => {
    const api = serviceOf(systemWith(), "api");
    expect(revisionName({ ...api, entrypoint: ["sh"] }, "app:1")).not.toBe(name);
  });

  it("stays when it depends on one service more", () => {
    const api = serviceOf(systemWith(), "api");
    const more = { ...api, dependsOn: [...api.dependsOn, "ui"] };
    expect(revisionName(more, "app:1")).toBe(name);
  });

  it("stays with an alert webhook and a scrape interval: monitoring replaces no application", () => {
    const system = systemWith({
      monitoring: { alertWebhook: "http://hook.example/", scrapeInterval: "30s" },
    });
    expect(revisionName(serviceOf(system, "api"), "app:1")).toBe(name);
  });

  it("stands in the gateway's file and not in the ingress', which must not change with it", () => {
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

  it("can be asked for and switched off", () => {
    expect(waits({ services: { api: { soak: "5s" } } })).toContain("api-soak");
    expect(waits({ environment: "prod", services: { api: { soak: "0s" } } })).not.toContain("api-soak");
  });

  it("is refused where nothing could be asked", () => {
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

  it("are the same when only a setting that does not count tells them apart", () => {
    expect(isSame(one, pinned, ["pinned"])).toBe(true);
    expect(isSame(one, pinned, [])).toBe(false);
  });

  it("are the same in whatever order the keys of their settings stand", () =>
    expect(
      isSame(one, later({ settings: { ...one.settings, services: '{"ui":{},"api":{"replicas":2}}' } }), []),
    ).toBe(true));

  it("differ by a setting or an image", () => {
    expect(isSame(one, later({ images: { app: "ragdock/app:2" } }), [])).toBe(false);
    expect(isSame(one, later({ settings: { system: "m31" } }), [])).toBe(false);
  });

  it("are two in the history only when they differ, and ten are kept", () => {
    expect(withDeployment([one], pinned)).toEqual([one]);
    const many = Array.from({ length: 12 }, (_, index) => later({ images: { app: `ragdock/app:${index}` } }));
    const history = many.reduce<readonly Deployment[]>(withDeployment, []);
    expect(history.map(({ images }) => images.app)).toEqual(many.slice(2).map(({ images }) => images.app));
  });
});
