import { describe, expect, it } from "vitest";
import { isTarget, mayDelete } from "../../../../engine/run/targets.ts";

const type = "docker:index/container:Container";
const entry = (name: string) => ({ type, urn: `urn:pulumi:dev::ragdock::${type}::${name}` });

describe("targets", () => {
  it("are all resources, if the run names none", () => {
    expect(isTarget(undefined, type, "web")).toBe(true);
    expect(mayDelete(undefined, entry("web"))).toBe(true);
  });

  it("by type change each resource of the type, and delete none", () => {
    expect(isTarget([type], type, "web")).toBe(true);
    expect(isTarget([type], "docker:index/volume:Volume", "web")).toBe(false);
    expect(mayDelete([type], entry("web"))).toBe(false);
  });

  it("by name change and delete this resource, and no other one of the name or the type", () => {
    const targets = [`${type}::web`];
    expect(isTarget(targets, type, "web")).toBe(true);
    expect(isTarget(targets, type, "web-2")).toBe(false);
    expect(isTarget(targets, "docker:index/network:Network", "web")).toBe(false);
    expect(mayDelete(targets, entry("web"))).toBe(true);
    expect(mayDelete(targets, entry("redis"))).toBe(false);
  });
});
