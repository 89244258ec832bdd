/**
 * Tests the recovery of hung applications in deployed stacks: m31, whose application has metrics,
 * and rag-events, whose web interface has a read-only root and a rare health check. The server is
 * stopped with SIGSTOP, so that it answers nothing and does not react to SIGTERM. The times are
 * shorter than the default ones. Each start is long enough for Prometheus to see it: without cAdvisor
 * it counts only starts that have served metrics. tests/images/paced-check.test.ts tests the script
 * alone.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { restartsFile } from "../../config/spec/recovery.ts";
import { eventually } from "../../tools/eventually.ts";
import { docker, logOf, TestStack } from "../support/stack.ts";

const prometheusPort = 28_201;
const monitoring = { scrapeInterval: "5s" };
const m31 = new TestStack("e2e-recovery-m31", {
  system: "m31",
  images: "packages",
  monitoring,
  services: {
    web: { port: 28_200, restartUnhealthy: { after: "10s", limit: 3 } },
    prometheus: { port: prometheusPort, exposure: "loopback" },
  },
});
const events = new TestStack("e2e-recovery-events", {
  system: "rag-events",
  images: "packages",
  monitoring,
  services: {
    api: { port: 28_202 },
    ui: { port: 28_203, restartUnhealthy: { after: "10s", limit: 1 } },
  },
});

beforeAll(async () => {
  for (const stack of [m31, events]) {
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
  }
});
afterAll(async () => {
  await m31.remove();
  await events.remove();
});

const inspected = async (container: string, format: string): Promise<string> =>
  (await docker("inspect", "--format", format, container)).trim();

const restarts = async (container: string): Promise<number> =>
  Number(await inspected(container, "{{.RestartCount}}"));

const health = (container: string): Promise<string> => inspected(container, "{{.State.Health.Status}}");

/** Stops the application, which is the first child of Docker's `init`. */
const hang = (container: string): Promise<string> =>
  docker("exec", container, "sh", "-c", "read -r pid _ < /proc/1/task/1/children; kill -STOP $pid");

/** Waits until a container is healthy and Prometheus has read its metrics. */
async function serving(container: string): Promise<void> {
  await eventually(async () => (await health(container)) === "healthy" || undefined, 180);
  await new Promise((done) => setTimeout(done, 12_000));
}

/** Lets a healthy application hang until Docker has restarted its container. */
async function restartedOnce(container: string): Promise<void> {
  const before = await restarts(container);
  await serving(container);
  await hang(container);
  await eventually(async () => (await restarts(container)) > before || undefined, 400);
}

describe("an application that hangs", () => {
  it("is restarted with longer and longer pauses, and the alert, the log and make health say so", async () => {
    const web = await m31.container("web");
    for (const _ of [1, 2, 3]) await restartedOnce(web);
    await serving(web);
    const log = await logOf(web);
    const pauses = [
      ...log.matchAll(/ragdock: unhealthy for (\d+) s, so it is restarted: \d of at most 3 times/g),
    ];
    expect(pauses).toHaveLength(3);
    for (const [index, [, seconds]] of pauses.entries())
      expect(Number(seconds)).toBeGreaterThanOrEqual(10 * 2 ** index);
    const alert = await eventually(async () => {
      const response = await fetch(`http://127.0.0.1:${prometheusPort}/api/v1/alerts`);
      const { data } = (await response.json()) as {
        data: {
          alerts: { state: string; labels: Record<string, string>; annotations: Record<string, string> }[];
        };
      };
      return data.alerts.find(({ labels }) => labels.alertname === "ServiceRestarting");
    }, 240);
    expect(alert.state).toBe("firing");
    expect(alert.annotations.summary).toBe("web was started 3 times within an hour");
    const { output } = await m31.make("health");
    expect(output).toContain("web was restarted 3 times, 3 times because it stayed unhealthy.");
    expect(output).toContain(
      "Alert ServiceRestarting (warning) fires: web was started 3 times within an hour.",
    );
  }, 1_500_000);

  it("is restarted with a read-only root and a rare check, and no more often than its limit", async () => {
    const ui = await events.container("ui");
    expect(await inspected(ui, "{{.HostConfig.ReadonlyRootfs}}")).toBe("true");
    await restartedOnce(ui);
    expect(await docker("exec", ui, "cat", restartsFile)).toMatch(/^1 \d+\n$/);
    await serving(ui);
    await hang(ui);
    // Its start counts for 155 s. After 20 s of failures it would be restarted again.
    await new Promise((done) => setTimeout(done, 300_000));
    expect([await restarts(ui), await health(ui)]).toEqual([1, "unhealthy"]);
    const { code, output } = await events.make("health");
    expect(output).toContain("ui was restarted once, once because it stayed unhealthy.");
    expect(code).toBe(1);
  }, 1_500_000);
});

it("a store that hangs is not restarted, because it may be recovering", async () => {
  const redis = await m31.container("redis");
  const signal = (name: string) => docker("kill", "--signal", name, redis);
  await signal("STOP");
  try {
    await eventually(async () => (await health(redis)) === "unhealthy" || undefined, 180);
    await new Promise((done) => setTimeout(done, 60_000));
    expect(await restarts(redis)).toBe(0);
    const { code, output } = await m31.make("health");
    expect(code).toBe(1);
    expect(output).toContain("redis");
  } finally {
    await signal("CONT");
  }
  await eventually(async () => (await health(redis)) === "healthy" || undefined, 120);
});
