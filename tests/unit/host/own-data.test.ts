/** Which volumes count as lost, with a Docker that has none. A real one: tests/e2e. */
import { expect, it, vi } from "vitest";
import { lostVolumes } from "../../../host/own-data.ts";
import { systemWith } from "../../support/program.ts";

vi.mock("../../../host/docker.ts", () => ({ volumesNamed: async () => new Map() }));

it("names a volume that a job and a service share once, as the data of the service", async () => {
  const system = systemWith();
  const [postgres] = system.services;
  const sharing = system.services.map((s) =>
    s.name === "postgres-credentials" ? { ...s, volumes: postgres?.volumes ?? [] } : s,
  );
  for (const services of [sharing, sharing.toReversed()]) {
    const lost = await lostVolumes(
      { project: "ragdock", stack: "test" },
      { ...system, services },
      {
        "ragdock-test-postgres-data": "2026-01-01T00:00:00.000Z",
      },
    );
    expect(lost.map(({ volume, owner }) => [volume, owner])).toEqual([["postgres-data", "postgres"]]);
  }
});
