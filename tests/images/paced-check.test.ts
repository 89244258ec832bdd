/**
 * Tests the script that paces health checks, in the shells of Debian's and of Alpine's images. It
 * does not prove that Docker runs it: tests/e2e/full proves that.
 */
import { describe, expect, it } from "vitest";
import { pacedScript } from "../../config/spec/paced-check.ts";
import { countFolder, recoveryScript, restartsFile } from "../../config/spec/recovery.ts";
import { docker } from "../../host/docker.ts";
import { eventually } from "../../tools/eventually.ts";
import { type TestContainer, withContainer } from "../support/docker.ts";

const script = pacedScript({ allowed: 3, pace: { fresh: 3, pause: 1, rounds: 3 } });

describe.each([
  ["dash", ["sh"]],
  ["BusyBox", ["busybox", "sh"]],
])("a paced health check in %s", (_, shell) => {
  /** Runs the check once, as Docker does. Returns its exit code and its duration in seconds. */
  async function check(container: TestContainer, ...command: string[]): Promise<[number, number]> {
    const begun = performance.now();
    const code = await container.exec(...shell, "-c", script, "healthcheck", ...command).then(
      () => 0,
      (error: { code: number }) => error.code,
    );
    return [code, (performance.now() - begun) / 1000];
  }

  const inside = (test: (container: TestContainer) => Promise<void>) =>
    withContainer("nginx", { command: ["sleep", "600"], options: ["--user", "1000", "--read-only"] }, test);

  it("runs at once at the start, and repeats once the container is healthy", () =>
    inside(async (container) => {
      const [first, soon] = await check(container, "true");
      expect(first).toBe(0);
      expect(soon).toBeLessThan(2.5);
      const [second, later] = await check(container, "true");
      expect(second).toBe(0);
      expect(later).toBeGreaterThan(3);
    }));

  it("reports a failed check at once, with its exit code, and runs often afterwards", () =>
    inside(async (container) => {
      expect(await check(container, "true")).toEqual([0, expect.any(Number)]);
      const [code, seconds] = await check(container, "sh", "-c", "exit 7");
      expect(code).toBe(7);
      expect(seconds).toBeLessThan(2.9);
      const [recovered, quick] = await check(container, "true");
      expect(recovered).toBe(0);
      expect(quick).toBeLessThan(2.5);
    }));

  it("runs at once if the last success is old, as after docker unpause", () =>
    inside(async (container) => {
      await container.exec("sh", "-c", "echo 1000 > /dev/shm/healthy");
      const [code, seconds] = await check(container, "true");
      expect(code).toBe(0);
      expect(seconds).toBeLessThan(2.5);
    }));

  it("fails when a check hangs", () =>
    inside(async (container) => {
      const [code, seconds] = await check(container, "sleep", "60");
      expect(code).not.toBe(0);
      expect(seconds).toBeLessThan(8);
    }));
});

describe("a container that stays unhealthy", () => {
  const recovery = recoveryScript({ after: 2, limit: 2, starts: 2, gap: 30, grace: 1 });
  // The application ignores SIGTERM, and is healthy until the file is created.
  const application = ["sh", "-c", "rm -f /tmp/broken; trap '' TERM; while :; do sleep 1; done"];
  const timing = ["--health-interval", "1s", "--health-retries", "2", "--health-timeout", "20s"];
  const options = ["--user", "1000", "--cap-drop", "ALL", "--init", "--restart", "unless-stopped", ...timing];
  const readOnly = ["--read-only", "--tmpfs", "/tmp"];
  const paced = { allowed: 3, pace: { fresh: 0, pause: 1, rounds: 1 } };

  const withCheck = (script: string, more: readonly string[], use: (one: Unhealthy) => Promise<void>) => {
    const health = ["--health-cmd", `set -- test ! -e /tmp/broken\n${script}`];
    return withContainer(
      "nginx",
      { command: application, options: [...options, ...more, ...health] },
      (container) => use(new Unhealthy(container)),
    );
  };

  describe.each([
    ["with a writable root", paced, []],
    ["with a read-only root, and a volume for the count", paced, [...readOnly, "-v", countFolder]],
    ["with a check that is not paced", { allowed: 3 }, []],
  ])("%s", (_, times, more) => {
    it("is restarted, waits longer for the next restart, and stays as it is after the last one", () =>
      withCheck(pacedScript(times, recovery), more, async (container) => {
        for (const count of [1, 2]) {
          await container.restarted(count);
          expect(await container.later("cat", restartsFile)).toMatch(new RegExp(`^${count} \\d+\\n?$`));
        }
        expect(await container.logs()).toMatch(
          /unhealthy for \d+ s, so it is restarted: 2 of at most 2 times/,
        );
        expect(await container.restartsAfterMore()).toBe(2);
        const health = await docker("inspect", "--format", "{{.State.Health.Status}}", container.name);
        expect(health.trim()).toBe("unhealthy");
      }));
  });

  it("is not restarted if it cannot count, because nothing would limit it", () =>
    withCheck(pacedScript(paced, recovery), readOnly, async (container) => {
      await container.fail();
      await eventually(async () => {
        const said = await docker("inspect", "--format", "{{json .State.Health.Log}}", container.name);
        return said.includes(`not restarted, because ${countFolder} is read-only`) || undefined;
      }, 30);
      expect(await container.restartsAfterMore()).toBe(0);
    }));
});

/** A container whose check fails on request. */
class Unhealthy {
  readonly name: string;
  readonly #container: TestContainer;

  constructor(container: TestContainer) {
    this.name = container.name;
    this.#container = container;
  }

  /** Runs a command. Docker takes none while it restarts the container. */
  later(...words: string[]): Promise<string> {
    return eventually(() => this.#container.exec(...words).catch(() => undefined), 20);
  }

  fail(): Promise<string> {
    return this.later("touch", "/tmp/broken");
  }

  logs(): Promise<string> {
    return this.#container.logs();
  }

  async restarts(): Promise<number> {
    return Number(await docker("inspect", "--format", "{{.RestartCount}}", this.name));
  }

  /** Lets the check fail until Docker has restarted the container so often. */
  async restarted(count: number): Promise<void> {
    // The application removes the file at its start, which may come after the first command.
    await eventually(async () => {
      if ((await this.restarts()) === count) return true;
      await this.fail();
      return undefined;
    }, 60);
  }

  /** Lets the check fail for longer than the pause before a third restart, and than its end, takes. */
  async restartsAfterMore(): Promise<number> {
    await new Promise((done) => setTimeout(done, 1000));
    await this.fail();
    await new Promise((done) => setTimeout(done, 15_000));
    return this.restarts();
  }
}
