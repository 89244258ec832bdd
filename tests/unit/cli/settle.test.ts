import { describe, expect, it } from "vitest";
import { Patience } from "../../../cli/settle.ts";
import { serviceOf } from "../../../host/docker.ts";
import { containerLike } from "../../support/containers.ts";

const starting = (service: string, streak = 0) =>
  containerLike(service, { health: { Status: "starting", FailingStreak: streak } });
const unhealthy = (service: string, streak: number) =>
  containerLike(service, { health: { Status: "unhealthy", FailingStreak: streak } });

/** Seconds of the health check of `containerLike`: 30 s and three checks of 10 s. */
const bound = 60;

/** Returns the services that a new wait waits for, after each of these states of the containers. */
function looks(...all: readonly { at: number; containers: ReturnType<typeof containerLike>[] }[]) {
  const patience = new Patience();
  return all.map(({ at, containers }) => patience.waitingFor(containers, at * 1000).map(serviceOf));
}

describe("which containers `make up` waits for", () => {
  it("not for healthy containers, and not for jobs", () => {
    const job = containerLike("migrate", { kind: "job", state: { Status: "exited", ExitCode: 1 } });
    expect(looks({ at: 0, containers: [containerLike("api"), job] })).toEqual([[]]);
  });

  it("for a starting container, until its health check must have ended", () => {
    const containers = [starting("postgres")];
    expect(looks({ at: 0, containers }, { at: bound - 1, containers }, { at: bound, containers })).toEqual([
      ["postgres"],
      ["postgres"],
      [],
    ]);
  });

  it("for an unhealthy container, such as after docker unpause, until its retries failed again", () => {
    expect(
      looks(
        { at: 0, containers: [unhealthy("api", 7)] },
        { at: 10, containers: [unhealthy("api", 9)] },
        { at: 15, containers: [unhealthy("api", 10)] },
      ),
    ).toEqual([["api"], ["api"], []]);
  });

  it("for an unhealthy container, with all its retries again after a successful check", () => {
    expect(
      looks(
        { at: 0, containers: [unhealthy("api", 7)] },
        { at: 5, containers: [starting("api", 0)] },
        { at: 20, containers: [unhealthy("api", 2)] },
        { at: 25, containers: [unhealthy("api", 3)] },
      ),
    ).toEqual([["api"], ["api"], ["api"], []]);
  });

  it("for the others again from the start when one becomes healthy", () => {
    expect(
      looks(
        { at: 0, containers: [starting("postgres"), unhealthy("api", 3)] },
        { at: 50, containers: [containerLike("postgres"), unhealthy("api", 5)] },
        { at: 100, containers: [containerLike("postgres"), unhealthy("api", 7)] },
        { at: 105, containers: [containerLike("postgres"), unhealthy("api", 8)] },
      ),
    ).toEqual([["postgres", "api"], ["api"], ["api"], []]);
  });

  it("only for a limited time for a container that repeatedly becomes unhealthy again", () => {
    const patience = new Patience();
    const seen = Array.from({ length: 20 }, (_, look) => {
      const flapping = look % 2 === 0 ? starting("flapping") : containerLike("flapping");
      return patience.waitingFor([flapping, starting("api")], look * 10_000).map(serviceOf);
    });
    expect(seen.at(-1)).toEqual([]);
  });

  it("not for a crash loop, and not for stopped or paused containers", () => {
    const crashed = (restarts: number) =>
      containerLike("api", { restarts, state: { Status: "restarting" }, health: { Status: "starting" } });
    expect(
      looks(
        { at: 0, containers: [crashed(1)] },
        { at: 1, containers: [crashed(3)] },
        {
          at: 2,
          containers: [crashed(4)],
        },
      ),
    ).toEqual([["api"], ["api"], []]);
    const stopped = containerLike("redis", { state: { Status: "exited" }, health: { Status: "unhealthy" } });
    const paused = containerLike("chroma", { state: { Status: "paused" }, health: { Status: "unhealthy" } });
    expect(looks({ at: 0, containers: [stopped, paused] })).toEqual([[]]);
  });
});
