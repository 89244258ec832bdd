/**
 * Tests the running system m31: its services, its main task, its traps, and dev and prod next to
 * each other. These tests do not prove Python 3.11, which its users have: Debian's packages contain
 * only Python 3.13.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { expectDeclared } from "../support/connections.ts";
import { imageOf, inside, type Observed, observe, startOrder } from "../support/observe.ts";
import { docker, TestStack } from "../support/stack.ts";
import { describeCommands } from "./m31-commands.ts";
import { describeProd } from "./m31-prod.ts";
import { describeEnd, describeMetrics, describeSeed, measured } from "./m31-seed.ts";
import { SmallRag } from "./small-rag.ts";

const port = 18_100;
const settings = {
  system: "m31",
  images: "packages",
  services: { web: { port }, prometheus: { port: 18_101, exposure: "loopback" } },
};
const stack = new TestStack("e2e-m31", settings);
const web = new SmallRag(port);
let running: Record<string, Observed> = {};

beforeAll(async () => {
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
  running = await observe(stack);
});
afterAll(() => stack.remove());

describe("m31 in dev", () => {
  it("connects its services as declared, and no others", () => expectDeclared(stack, settings));

  it("runs under its own names, on its own networks, with its own volume", () => {
    const watching = ["alertmanager", "blackbox-exporter", "prometheus", "redis-exporter"];
    expect(Object.keys(running).sort()).toEqual(
      [...watching, "redis", "redis-credentials", "web", "ingress", "gateway"].sort(),
    );
    expect(running.web?.networks).toEqual(["app", "metrics", "redis"]);
    expect(running.redis?.networks).toEqual(["redis"]);
    expect(running.ingress?.networks).toEqual(["ingress", "outside"]);
    expect(running.redis?.mounts).toEqual({ "/data": "redis-data" });
    expect(running.redis?.names).toContain("redis");
    expect(running.redis?.ports).toEqual([]);
    expect(running.web?.ports).toEqual([]);
    expect(running.ingress?.ports).toEqual([`127.0.0.1:${port}->8080`]);
    expect(startOrder(running).indexOf("redis")).toBeLessThan(startOrder(running).indexOf("web"));
  });

  it("has limits, a health check and a rotated log, and runs without privileges", () => {
    expect(running.web).toMatchObject({
      user: "1000:1000",
      command: ["--serve"],
      cpus: 1,
      memory: 1024,
      logs: "10m x 3",
      restart: "unless-stopped",
      health: "5s/5s/10s/3",
    });
  });

  it("has a small image without build tools and without a secret", async () => {
    const image = await imageOf(stack, "web", ["gcc", "uv", "pip", "curl"]);
    expect(image.megabytes).toBeLessThan(250);
    expect(image.found).toEqual([]);
    expect(image.config).not.toMatch(/password|secret/i);
    const environment = (await inside(stack, "web", "env")).output;
    const password = (await inside(stack, "web", "cat", "/run/secrets/redis-password")).output.trim();
    expect(password.length).toBeGreaterThan(20);
    expect(environment).not.toContain(password);
  });

  it("answers a second identical request from Redis", async () => {
    // The metrics are read inside the container, because the gateway does not route to them.
    const metrics = async (): Promise<string> => {
      const script =
        "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/metrics').read().decode())";
      return (await inside(stack, "web", "python", "-c", script)).output;
    };
    const question = `port already in use ${Date.now()}`;
    const hits = async (): Promise<number> =>
      Number(/m31_cache_total\{result="hit"\} (\S+)/.exec(await metrics())?.[1]);
    const before = await hits();
    const first = await web.ask(question);
    expect(first.cached).toBe(false);
    expect((await web.ask(question)).cached).toBe(true);
    expect(await hits()).toBe(before + 1);
    expect(first.sources.length).toBeGreaterThan(0);
  });

  it("works without its cache, and reports that", async () => {
    const redis = await stack.container("redis");
    await docker("stop", redis);
    try {
      expect((await web.ask("exit code 137")).answer).not.toBe("");
      expect(await (await web.get("/health")).json()).toMatchObject({ status: "ok", redis: "down" });
    } finally {
      await docker("start", redis);
    }
    await eventually(async () =>
      ((await (await web.get("/health")).json()) as { redis: string }).redis === "ok" ? true : undefined,
    );
  });

  it("has metrics of the cache and of Redis", async () => {
    await measured(18_101, "m31_cache_total");
    await measured(18_101, 'redis_up{service="redis-exporter"} == 1');
  });
});

describe("m31 in dev, by its seed", () => {
  describeSeed({ stack, environment: "dev", port });
  describeMetrics(18_101);
});

describe("the traps of m31", () => {
  it.each([
    ["port is already allocated", "port-already-in-use"],
    ["permission denied on a volume owned by another user", "volume-owned-by-another-user"],
    ["connection refused on localhost", "localhost-is-the-container"],
    ["an old version runs after a build", "stale-build-cache"],
    ["exit code 137", "exit-137-out-of-memory"],
  ])("%j gets an answer from the documents", async (question, document) => {
    const { answer, sources } = await web.ask(question, 1);
    expect(sources[0]?.document).toContain(document);
    expect(answer.length).toBeGreaterThan(80);
  });

  it("a port in use is named, with the setting for another port, before anything changes", async () => {
    const other = new TestStack("e2e-m31-taken", settings);
    try {
      const { code, output } = await other.make("up");
      expect(code).toBe(1);
      expect(output).toContain(`port ${port} of web is taken by the container ragdock-e2e-m31-ingress`);
      expect(output).toContain("ragdock:services.web.port");
      expect(await other.containers()).toEqual([]);
    } finally {
      await other.remove();
    }
  });

  it("a volume of another user is named, with the command that changes its owner, before anything changes", async () => {
    const other = new TestStack("e2e-m31-owned", { ...settings, services: { web: { port: 18_103 } } });
    const volume = "ragdock-e2e-m31-owned-redis-data";
    const labels = ["--label", "ragdock.project=ragdock", "--label", "ragdock.stack=e2e-m31-owned"];
    await docker("volume", "create", ...labels, volume);
    const image = (await docker("inspect", "--format", "{{.Image}}", await stack.container("redis"))).trim();
    const fill = ["run", "--rm", "-u", "0", "-v", `${volume}:/d`, "--entrypoint", "sh", image, "-c"];
    await docker(...fill, "echo x > /d/dump.rdb; chown -R 4711 /d");
    try {
      const { code, output } = await other.make("up");
      expect(code).toBe(1);
      expect(output).toContain(`volume ${volume} belongs to user 4711, and redis runs as user 999`);
      expect(output).toContain("chown -R 999:999");
      expect(await other.containers()).toEqual([]);
    } finally {
      await other.remove();
    }
  });

  it("a service out of memory is reported as such", async () => {
    const off = { enabled: false };
    const small = new TestStack("e2e-m31-small", {
      ...settings,
      services: {
        web: { port: 18_104, limits: { memory: "20MiB" } },
        prometheus: off,
        alertmanager: off,
        "blackbox-exporter": off,
        "redis-exporter": off,
      },
    });
    try {
      const { code, output } = await small.make("up");
      expect(code, output).toBe(1);
      expect(output).toContain("It ran out of memory: its limit is 20 MiB");
      expect(output).toContain("services.web.limits.memory");
    } finally {
      await small.remove();
    }
  });
});

describe("scaling", () => {
  it("scales a running service to two replicas and back, on the same port", async () => {
    const replicas = async (count: number): Promise<void> => {
      stack.configure({ ...settings, services: { ...settings.services, web: { port, replicas: count } } });
      const { code, output } = await stack.make("up");
      expect(code, output).toBe(0);
      expect(await stack.containers("web")).toHaveLength(count);
      expect((await web.get("/health")).status).toBe(200);
    };
    await replicas(2);
    await replicas(1);
    stack.configure(settings);
  });
});

describeCommands(stack, port);
describeProd(stack, web);
describeEnd(stack);
