/**
 * Tests the script that paces health checks, in the shells of Debian's and of Alpine's images. It
 * does not prove that Docker runs it: tests/e2e/full proves that.
 */
import { describe, expect, it } from "vitest";
import { pacedScript } from "../../config/spec/paced-check.ts";
import { recoveryScript, restartsFile } from "../../config/spec/recovery.ts";
import { docker } from "../../host/docker.ts";
import { type TestContainer, withContainer } from "../support/docker.ts";
import { eventually } from "../support/stack.ts";

const script = pacedScript({ allowed: 3, fresh: 3, pause: 1, rounds: 3 });

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
  const check = pacedScript({ allowed: 3, fresh: 0, pause: 1, rounds: 1 }, recovery);
  const line = `set -- test ! -e /tmp/broken\n${check}`;
  const timing = ["--health-interval", "1s", "--health-retries", "2", "--health-timeout", "20s"];
  const options = ["--user", "1000", "--cap-drop", "ALL", "--init", "--restart", "unless-stopped"];

  it("is restarted, waits longer for the next restart, and stays as it is after the last one", () =>
    withContainer(
      "nginx",
      { command: application, options: [...options, ...timing, "--health-cmd", line] },
      async (container) => {
        const restarts = async () =>
          Number(await docker("inspect", "--format", "{{.RestartCount}}", container.name));
        // Docker accepts no command while it restarts the container.
        const later = (...words: string[]) =>
          eventually(() => container.exec(...words).catch(() => undefined), 20);
        const fail = () => later("touch", "/tmp/broken");
        for (const count of [1, 2]) {
          // The application removes the file at its start, which may come after the first command.
          await eventually(async () => {
            if ((await restarts()) === count) return true;
            await fail();
            return undefined;
          }, 60);
          expect(await later("cat", restartsFile)).toMatch(new RegExp(`^${count} \\d+\\n?$`));
        }
        expect(await container.logs()).toMatch(
          /unhealthy for \d+ s, so it is restarted: 2 of at most 2 times/,
        );
        await new Promise((done) => setTimeout(done, 1000));
        await fail();
        // This is longer than the pause before a third restart plus the time to stop.
        await new Promise((done) => setTimeout(done, 15_000));
        expect(await restarts()).toBe(2);
        const health = await docker("inspect", "--format", "{{.State.Health.Status}}", container.name);
        expect(health.trim()).toBe("unhealthy");
      },
    ));
});
