/**
 * Brings up m31 with a Redis outside of the stack, on an address of the Docker host, without TLS.
 * external-tls.test.ts has PostgreSQL, Chroma and TLS.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { observe } from "../support/observe.ts";
import { docker, TestStack } from "../support/stack.ts";
import { SmallRag } from "../systems/small-rag.ts";

const [port, prometheus, redisPort] = [18_640, 18_641, 18_642];
const password = "a b:\\c";
const server = "e2e-external-redis";
const settings = (address: string) => ({
  system: "m31",
  images: "packages",
  redis: { external: { host: address, port: redisPort, tls: "disable" } },
  services: { web: { port }, prometheus: { port: prometheus, exposure: "loopback" } },
});
const stack = new TestStack("e2e-external", {});
const web = new SmallRag(port);

beforeAll(() => docker("network", "create", server));
afterAll(async () => {
  await stack.remove();
  await docker("rm", "-f", server);
  await docker("network", "rm", server);
});

/** The address of the Docker host on the server's network. */
const hostAddress = async (): Promise<string> =>
  (await docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", server)).trim();

const value = async (query: string): Promise<unknown> => {
  const asked = await fetch(`http://127.0.0.1:${prometheus}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await asked.json()) as { data: { result: { value: unknown[] }[] } };
  return data.result[0]?.value[1];
};

describe("a Redis outside of the stack", () => {
  it("that does not answer keeps its clients from starting, and names the setting", async () => {
    stack.configure(settings(await hostAddress()));
    await stack.secret("redisPassword", "wrong");
    const { code, output } = await stack.make("up");
    expect(code).not.toBe(0);
    expect(output).toContain("Correct ragdock:redis.external.host and port");
    expect(await stack.container("web")).toBe("");
  });

  it("that refuses the password names the secret", async () => {
    const image = await docker("inspect", "-f", "{{.Image}}", await stack.container("redis-check"));
    const listen = `${await hostAddress()}:${redisPort}:6379`;
    const started = ["redis-server", "--requirepass", password];
    await docker("run", "-d", "--name", server, "--network", server, "-p", listen, image.trim(), ...started);
    const { code, output } = await stack.make("up");
    expect(code).not.toBe(0);
    expect(output).toContain("Correct ragdock:redis.external.user or the secret redisPassword");
  });

  it("is used by its clients, and the stack runs none", async () => {
    await stack.secret("redisPassword", password);
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    const running = await observe(stack);
    expect(Object.keys(running)).not.toContain("redis");
    expect(running.web?.networks).toContain("outside");
    const question = "How long do answers stay in the cache?";
    await web.ask(question);
    expect((await web.ask(question)).cached).toBe(true);
    const keys = await docker("exec", server, "redis-cli", "--no-auth-warning", "-a", password, "DBSIZE");
    expect(Number(keys)).toBeGreaterThan(0);
    expect(await stack.volumes()).not.toContainEqual(expect.stringContaining("redis"));
  });

  it("is watched by its exporter and from outside", async () => {
    await eventually(async () => ((await value("min(redis_up)")) === "1" ? true : undefined));
    await eventually(async () =>
      (await value('probe_success{service="redis"}')) === "1" ? true : undefined,
    );
  });

  it("is not touched by backup and rotation, which report that", async () => {
    const rotated = await stack.make("rotate", "--secret", "redis");
    expect(rotated.code).not.toBe(0);
    expect(rotated.output).toContain("redis is outside of the stack");
    expect((await stack.make("backup")).output).toContain("redis is outside of the stack");
  });
});
