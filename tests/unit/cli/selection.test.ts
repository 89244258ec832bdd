/**
 * Which services `up --service` deploys. It does not prove that Docker keeps the other containers.
 */
import { describe, expect, it } from "vitest";
import { selectionOf, targetsOf } from "../../../cli/selection.ts";
import { imageMode } from "../../../components/image-plan.ts";
import { partOf } from "../../../config/spec/part.ts";
import { containerLike } from "../../support/containers.ts";
import { systemWith } from "../../support/program.ts";
import { forget, register, registered } from "../../support/registered.ts";

const full = systemWith({ images: "packages" });
const m31 = systemWith({ system: "m31", images: "packages" });
const stack = { project: "ragdock", stack: "test" };
const running = (...names: string[]) => names.map((name) => containerLike(name));
const names = (system: typeof full): string[] => system.services.map(({ name }) => name);

describe("a selection of services", () => {
  it("includes their dependencies, and leaves out their dependents", () => {
    const { part, along, absent } = selectionOf(m31, "web", []);
    expect(names(part).sort()).toEqual(["redis", "redis-credentials", "web"]);
    expect([...along].sort()).toEqual(["redis", "redis-credentials"]);
    expect(absent).toContain("gateway");
    expect(absent).not.toContain("redis");
  });

  it("includes the running gateway in front, because its files name a revision of the service", () => {
    const { part } = selectionOf(m31, "web", running("web", "gateway", "ingress", "prometheus"));
    expect(names(part).sort()).toEqual(["gateway", "redis", "redis-credentials", "web"]);
  });

  it("includes the other applications behind that gateway, but no worker", () => {
    const { part } = selectionOf(full, "api", running("api", "ui", "gateway", "worker"));
    expect(names(part)).toContain("ui");
    expect(names(part)).not.toContain("worker");
  });

  it("accepts several names, and says which services do not run", () => {
    const { along, absent } = selectionOf(m31, " redis , alertmanager", running("web", "gateway"));
    expect(along).toEqual([]);
    expect(absent).not.toContain("web");
    expect(absent).toContain("ingress");
  });

  it.each([
    ["web,nope", /m31 has no service "nope"/],
    [" , ", /The option --service has no name of a service/],
  ])("refuses %j", (text, message) => expect(() => selectionOf(m31, text, [])).toThrow(message));

  it("prints no URL for a port that it leaves out", () => {
    expect(partOf(m31, new Set(["web"])).urls).toEqual({});
    expect(Object.keys(partOf(m31, new Set(["ingress"])).urls)).toContain("web");
  });
});

describe("the targets of a selection", () => {
  const targets = (asked: string, containers = running()) => {
    const { part } = selectionOf(m31, asked, containers);
    return targetsOf(stack, part, imageMode(m31, "ragdock", "ragdock/base:1"), containers);
  };

  it("are the containers, networks, volumes, secrets and images of its services", () => {
    const all = targets("redis");
    expect(all).toContain("docker:index/container:Container::ragdock-test-redis");
    expect(all).toContain("docker:index/network:Network::ragdock-test-redis");
    expect(all).toContain("docker:index/volume:Volume::ragdock-test-redis-data");
    expect(all).toContain("docker:index/remoteImage:RemoteImage::ragdock-test-image-redis");
    expect(all).toContain("ragdock:core:Service::ragdock-test-redis-service");
    expect(all.filter((one) => one.includes("web") || one.includes("ingress"))).toEqual([]);
  });

  it("include the images that an image is built on", () => {
    const images = targets("web").filter((one) => one.includes("RemoteImage"));
    const built = images.map((one) => one.replace(/^.*::ragdock-test-image-/, ""));
    expect(built.sort()).toEqual(["m31-web", "python", "python-builder", "ragkit", "redis"]);
  });

  it("include replicas that the settings no longer list, so that they are removed", () => {
    const two = [1, 2].map((number) => ({
      ...containerLike("web"),
      Name: `/ragdock-test-web-${number}-0a1b2c3`,
    }));
    expect(targets("web", two)).toContain("docker:index/container:Container::ragdock-test-web-2");
  });

  it.each([
    ["one engine", {}],
    ["a Swarm", { target: "swarm", registry: "registry.example.org/team" }],
  ])("are every resource of the program on %s, if all services are selected", async (_, more) => {
    await forget();
    const system = await register({ system: "financerag", environment: "prod", ...more });
    const selected = selectionOf(system, names(system).join(), []).part;
    const all = targetsOf(stack, selected, imageMode(system, "ragdock", "ragdock/base:test"), []);
    const declared = registered.map(({ type, name }) => `${type}::${name}`);
    expect(declared.length).toBeGreaterThan(30);
    expect(declared.filter((one) => !all.includes(one))).toEqual([]);
  });
});
