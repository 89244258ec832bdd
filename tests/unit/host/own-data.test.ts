/**
 * Tests which volumes count as lost, with a Docker that has one volume or none. tests/e2e uses a
 * real Docker.
 */
import { describe, expect, it, vi } from "vitest";
import { lostVolumes } from "../../../host/lost-volumes.ts";
import { requireOwnData, requirePlacedData } from "../../../host/own-data.ts";
import { systemWith } from "../../support/program.ts";
import { refusalOf } from "../../support/reader.ts";

const volumesNamed = vi.hoisted(() => vi.fn(async (_: readonly string[]) => new Map()));
vi.mock("../../../host/docker.ts", () => ({ volumesNamed }));

let labels: Record<string, string> = {};
vi.mock("../../../host/tasks.ts", () => ({ nodesOfSwarm: async () => [{ Spec: { Labels: labels } }] }));

const stack = { project: "ragdock", stack: "test" };
const recorded = { "ragdock-test-postgres-data": "2026-01-01T00:00:00.000Z" };

it("reports a lost volume of a job and a service once, as the data of the service", async () => {
  const system = systemWith();
  const [postgres] = system.services;
  const sharing = system.services.map((s) =>
    s.name === "postgres-credentials" ? { ...s, volumes: postgres?.volumes ?? [] } : s,
  );
  for (const services of [sharing, sharing.toReversed()]) {
    const lost = await lostVolumes(stack, { ...system, services }, recorded);
    expect(lost.map(({ volume, owner }) => [volume, owner])).toEqual([["postgres-data", "postgres"]]);
  }
});

it("asks Docker for the volumes once, and returns the creation times of those that exist", async () => {
  const name = "ragdock-test-redis-data";
  const Labels = { "ragdock.created": "2026-02-02T00:00:00.000Z" };
  volumesNamed.mockClear().mockResolvedValue(new Map([[name, { Name: name, Labels, Mountpoint: "" }]]));
  expect(await requireOwnData(stack, systemWith(), {})).toEqual({ [name]: "2026-02-02T00:00:00.000Z" });
  expect(volumesNamed).toHaveBeenCalledOnce();
  // PostgreSQL 18 would be in a volume of another name.
  expect(volumesNamed.mock.calls[0]?.[0]).toContain("ragdock-test-postgres-data-18");
  await expect(requireOwnData(stack, systemWith(), recorded)).rejects.toThrow(
    "volume ragdock-test-postgres-data, the data of postgres, is gone",
  );
});

describe("on a Swarm", () => {
  const [name = ""] = Object.keys(recorded);
  const label = { [`ragdock.volume.${name}`]: "true" };
  const onSwarm = (lostVolumes: Record<string, string> = {}) => ({
    ...systemWith(),
    target: "swarm" as const,
    lostVolumes,
  });
  const refusal = () => refusalOf(() => requirePlacedData(stack, onSwarm(), recorded), "test");

  it("a recorded volume is refused if no node has its label, with the commands for both causes", async () => {
    labels = { [`ragdock.volume.${name}`]: "false" };
    const text = await refusal();
    expect(text).toContain(`volume ${name}, the data of postgres, is on no node`);
    expect(text).toContain(`docker node update --label-add ragdock.volume.${name}=true <node>`);
    expect(text).toContain("make up STACK=test CONFIRM=test");
    expect(text).toContain("ragdock:lostVolumes.postgres-data' '2026-01-01T00:00:00.000Z'");
    expect((await lostVolumes(stack, onSwarm(), recorded)).map(({ volume }) => volume)).toEqual([
      "postgres-data",
    ]);
  });

  it("a recorded volume keeps its time while a node has its label, and nothing else is checked", async () => {
    labels = label;
    expect(await requirePlacedData(stack, onSwarm(), recorded)).toEqual(recorded);
    labels = {};
    expect(await requirePlacedData(stack, onSwarm(), {})).toEqual({});
  });

  it("an accepted loss is not refused, and the volume gets another time, so that a later loss is", async () => {
    const accepted = onSwarm({ "postgres-data": recorded[name as keyof typeof recorded] });
    for (labels of [{}, label]) expect(await requirePlacedData(stack, accepted, recorded)).toEqual({});
  });

  it("data of another version of PostgreSQL is refused, unless there is data of this one", async () => {
    const onOther = { ...systemWith({ postgresVersion: "18" }), target: "swarm" as const };
    const refused = () => refusalOf(() => requirePlacedData(stack, onOther, {}), "test");
    labels = label;
    const text = await refused();
    expect(text).toContain(`data of postgres from PostgreSQL 17 (volume ${name})`);
    expect(text).toContain("the settings select 18");
    expect(text).toContain("ragdock:postgresVersion 17");
    expect(text).toContain(`docker node update --label-rm ragdock.volume.${name} <node>`);
    labels = { ...label, [`ragdock.volume.${name}-18`]: "true" };
    expect(await refused()).toBe("");
  });

  it("the volume of the registry may be lost, because each deployment fills it", async () => {
    labels = {};
    const [first] = systemWith().services;
    const volumes = [{ volume: "registry-data", path: "/data" }];
    const registry = { ...first, name: "registry-images", role: "registry", volumes };
    const services = [registry] as ReturnType<typeof systemWith>["services"];
    const known = { "ragdock-test-registry-data": "2026-01-01T00:00:00.000Z" };
    expect(await requirePlacedData(stack, { ...onSwarm(), services }, known)).toEqual(known);
  });
});
