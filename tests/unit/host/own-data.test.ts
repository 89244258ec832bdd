/**
 * Tests which volumes count as lost, with a Docker that has one volume or none. tests/e2e uses a
 * real Docker.
 */
import { expect, it, vi } from "vitest";
import { lostVolumes, requireOwnData } from "../../../host/own-data.ts";
import { systemWith } from "../../support/program.ts";

const volumesNamed = vi.hoisted(() => vi.fn(async (_: readonly string[]) => new Map()));
vi.mock("../../../host/docker.ts", () => ({ volumesNamed }));

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
