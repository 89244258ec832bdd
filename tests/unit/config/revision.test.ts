/** Releases by name, the watch over new ones, and which releases count as the same. What Docker makes of it: tests/e2e. */
import { describe, expect, it } from "vitest";
import { isSame } from "../../../cli/deployments.ts";
import { resolveSystem } from "../../../config/resolve.ts";
import { revisionName, routed } from "../../../config/spec/revision.ts";
import { isLongRunning, type LongRunning } from "../../../config/spec/service.ts";

const facts = { project: "ragdock", stack: "test", secrets: new Set<string>(), host: {} };
const services = (raw: Record<string, unknown> = {}) => resolveSystem(raw, facts).services;

/** The release of the API with these settings of it. */
const named = (settings: Record<string, unknown>, image = "app:1", rotations = {}): string => {
  const system = resolveSystem({ services: { api: settings }, rotations }, facts);
  const api = system.services.filter(isLongRunning).find((s) => s.name === "api") as LongRunning;
  return revisionName(api, image, system.secrets);
};

describe("a release's name", () => {
  const name = named({});

  it("is an address", () => expect(name).toMatch(/^api-[0-9a-f]{8}$/));

  it("is another one when the containers are", () => {
    expect(named({}, "app:2")).not.toBe(name);
    expect(named({ environment: { X: "1" } })).not.toBe(name);
  });

  it("is another one when there are more or fewer, so that none is sent requests before it is healthy or while it ends", () =>
    expect(named({ replicas: 3 })).not.toBe(name));

  it("is another one when a secret that they have is rotated, and no other", () => {
    expect(named({}, "app:1", { postgres: 2 })).not.toBe(name);
    expect(named({}, "app:1", { grafana: 2 })).toBe(name);
  });

  it("stays with what is changed in place", () => expect(named({ limits: { memory: "1GiB" } })).toBe(name));

  it("stands in the gateway's file and not in the edge's, which must not change with it", () => {
    const only = (service: string) => routed(services().filter((s) => s.name === service));
    expect([...only("gateway")]).toEqual(["api", "ui"]);
    expect([...only("gateway-ingress")]).toEqual([]);
  });
});

describe("the soak of a new release", () => {
  const waits = (raw: Record<string, unknown>) => services(raw).find((s) => s.name === "gateway")?.dependsOn;

  it("comes before the gateway in production", () => {
    expect(waits({ environment: "prod" })).toContain("api-soak");
    expect(waits({})).not.toContain("api-soak");
  });

  it("can be asked for and switched off", () => {
    expect(waits({ services: { api: { soak: "5s" } } })).toContain("api-soak");
    expect(waits({ environment: "prod", services: { api: { soak: "0s" } } })).not.toContain("api-soak");
  });

  it("is refused where nothing could be asked", () => {
    expect(() => services({ services: { worker: { soak: "5s" } } })).toThrow("ragdock:services.worker.soak");
  });
});

describe("two releases", () => {
  const one = { settings: "config:\n  ragdock:system: full\n", images: { app: "ragdock/app:1" } };

  it("are the same when only a pin tells them apart", () => {
    const pinned = `${one.settings}  ragdock:pinned: { app: "ragdock/app:1" }\n`;
    expect(isSame(one, { ...one, settings: pinned })).toBe(true);
  });

  it("are the same in whatever order their settings stand, anchors included", () => {
    const written = (config: string) => ({ ...one, settings: `config:\n${config}` });
    const anchored = written("  ragdock:services: { api: &off { enabled: false }, a: *off }\n");
    const plain = written("  ragdock:services: { a: { enabled: false }, api: { enabled: false } }\n");
    expect(isSame(anchored, plain)).toBe(true);
  });

  it("differ by a setting or an image", () => {
    expect(isSame(one, { ...one, images: { app: "ragdock/app:2" } })).toBe(false);
    expect(isSame(one, { ...one, settings: "config:\n  ragdock:system: m31\n" })).toBe(false);
  });
});
