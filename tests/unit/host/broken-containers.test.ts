/** Tests the decision with invented containers. tests/pulumi/parity tests it on real ones. */
import { describe, expect, it } from "vitest";
import type { SystemSpec } from "../../../config/spec/service.ts";
import { brokenContainers } from "../../../host/broken-containers.ts";
import type { Container } from "../../../host/docker.ts";

interface Over {
  readonly status?: string;
  /** Failed checks in a row, one every 5 s. */
  readonly failed?: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** The short names of its networks. */
  readonly networks?: readonly string[];
}

const container = (
  name: string,
  { status = "unhealthy", failed = 3, labels = {}, networks = ["backend"] }: Over = {},
): Container =>
  ({
    Id: `id-of-${name}`,
    Name: `/${name}`,
    NetworkSettings: { Networks: Object.fromEntries(networks.map((one) => [`r-dev-${one}`, {}])) },
    State: { Health: { Status: status, FailingStreak: failed } },
    Config: {
      Labels: { "ragdock.kind": "stateless", "ragdock.service": name.split("-")[2], ...labels },
      Healthcheck: { Interval: 5e9 },
    },
  }) as unknown as Container;

const services = ["api", "ui", "worker", "redis"].map((name) => ({ name, networks: ["backend"] }));
const broken = (containers: readonly Container[]) =>
  brokenContainers({ project: "r", stack: "dev" }, { services } as unknown as SystemSpec, containers);

const old = container("r-dev-api-0000000", { status: "healthy" });
const ill = container("r-dev-api-1234567");
const replacesIll = { "ragdock.replaces": ill.Id };

describe("a deployment replaces", () => {
  it("an unhealthy container next to its predecessor, and changes nothing after that", () => {
    const wanted = { "r-dev-api": ill.Id };
    expect(broken([old, ill])).toEqual(wanted);
    const successor = container("r-dev-api-89abcde", { status: "healthy", labels: replacesIll });
    expect(broken([successor])).toEqual(wanted);
  });

  it("the successor as well, if that is unhealthy", () => {
    const successor = container("r-dev-api-89abcde", { labels: replacesIll });
    expect(broken([old, successor])).toEqual({ "r-dev-api": successor.Id });
  });

  it("a container that has been unhealthy for five minutes", () => {
    expect(broken([container("r-dev-api-1234567", { failed: 59 })])).toEqual({});
    expect(broken([container("r-dev-api-1234567", { failed: 60 })])).toEqual({
      "r-dev-api": ill.Id,
    });
  });

  it("a container that crashes again and again, but no store", () => {
    const crashing = (name: string, labels = {}) =>
      ({ ...container(name, { status: "starting", labels }), RestartCount: 5 }) as Container;
    const redis = crashing("r-dev-redis-1234567", { "ragdock.kind": "stateful" });
    expect(broken([crashing("r-dev-api-1234567"), redis])).toEqual({ "r-dev-api": ill.Id });
  });

  it("a container that was disconnected from a network, even a store", () => {
    const lonely = { status: "healthy", networks: ["frontend"] };
    const redis = container("r-dev-redis-1234567", {
      ...lonely,
      labels: { "ragdock.kind": "stateful" },
    });
    expect(broken([container("r-dev-api-1234567", lonely), redis])).toEqual({
      "r-dev-api": ill.Id,
      "r-dev-redis": redis.Id,
    });
  });

  it("each replica by itself", () => {
    const containers = [
      container("r-dev-api-1-1234567"),
      container("r-dev-api-1-89abcde", { status: "healthy" }),
      container("r-dev-api-2-0000000", { status: "healthy" }),
      container("r-dev-api-2-1234567"),
    ];
    expect(broken(containers)).toEqual({ "r-dev-api-2": "id-of-r-dev-api-2-1234567" });
  });
});

it("a deployment does not touch stores, jobs and containers that are healthy, starting or may recover", () => {
  const stateful = { "ragdock.kind": "stateful" };
  const others = [
    container("r-dev-worker-1234567"),
    container("r-dev-ui-0000000"),
    container("r-dev-ui-1234567", { status: "healthy" }),
    old,
    container("r-dev-api-1234567", { status: "starting", failed: 0 }),
    container("r-dev-redis-1234567", { failed: 100, labels: stateful }),
    container("r-dev-migrate-1234567", { failed: 100, labels: { "ragdock.kind": "job" } }),
  ];
  expect(broken(others)).toEqual({});
});
