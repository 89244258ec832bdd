/**
 * Tests commands that take long, or that need a registry, on a running m31: net, load, push, and
 * build --no-cache, which removes Docker's build cache. They do not prove the pace of a large stack.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { secretTexts, TestRegistry } from "../support/registry.ts";
import { docker, TestStack } from "../support/stack.ts";

const off = { enabled: false };
const stack = new TestStack("e2e-commands", {
  system: "m31",
  images: "packages",
  services: {
    web: { port: 28_210 },
    ...Object.fromEntries(
      ["prometheus", "alertmanager", "blackbox-exporter", "redis-exporter"].map((name) => [name, off]),
    ),
  },
});
const registry = new TestRegistry(28_211);

beforeAll(async () => {
  await registry.start();
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
});
afterAll(async () => {
  await stack.remove();
  await registry.stop();
});

describe("net", () => {
  it("finds that the running services reach each other as declared", async () => {
    const { code, output } = await stack.make("net", "--check");
    expect(output).toContain("Checked: the running services reach each other as declared, and no others.");
    expect(code).toBe(0);
  });

  it("finds a connection that someone has opened", async () => {
    const redis = await stack.container("redis");
    const network = `ragdock-${stack.name}-ingress`;
    await docker("network", "connect", network, redis);
    try {
      const { code, output } = await stack.make("net", "--check");
      expect(output).toContain("ingress → redis: open, and not declared");
      expect(code).toBe(1);
    } finally {
      await docker("network", "disconnect", network, redis);
    }
  });
});

it("load sends requests at a rising rate, and shows what the stack manages", async () => {
  const { code, output } = await stack.make("load", "--rate", "10", "--step", "3");
  expect(code, output).toBe(0);
  expect(output).toMatch(/^5 +\d/m);
  expect(output).toMatch(/^10 +\d/m);
});

describe("push", () => {
  const target = `${registry.host}/team`;
  const push = () => stack.make("push", target, "--tag", "1.2.3", "--service", "web");

  it("is refused without a login, with the command that logs in", async () => {
    stack.variables = { DOCKER_CONFIG: registry.anonymous };
    const { code, output } = await push();
    expect(code).toBe(1);
    expect(output).toContain("no basic auth credentials");
    expect(output).toContain(`docker login ${registry.host}`);
  });

  it("pushes with a login, and the registry has the image that runs", async () => {
    stack.variables = { DOCKER_CONFIG: registry.loggedIn };
    const { code, output } = await push();
    expect(code, output).toBe(0);
    const image = `${target}/m31-web:1.2.3`;
    const [, digest] = new RegExp(`m31-web +${image} +(sha256:[0-9a-f]{64})`).exec(output) ?? [];
    const runs = await docker("inspect", "--format", "{{.Image}}", await stack.container("web"));
    await docker("rmi", image);
    await docker("--config", registry.loggedIn, "pull", "-q", `${target}/m31-web@${digest}`);
    expect(await docker("image", "inspect", "--format", "{{.Id}}", `${target}/m31-web@${digest}`)).toBe(runs);
    await docker("rmi", `${target}/m31-web@${digest}`);
    for (const text of secretTexts) expect(output).not.toContain(text);
  });
});

it("build --no-cache makes new images and starts nothing, and the next up runs them", async () => {
  const image = async () =>
    (await docker("inspect", "--format", "{{.Image}}", await stack.container("web"))).trim();
  const before = await image();
  const built = await stack.make("build", "--no-cache");
  expect(built.code, built.output).toBe(0);
  expect(await image()).toBe(before);
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
  const after = await image();
  expect(after).not.toBe(before);
  const created = (await docker("image", "inspect", "--format", "{{.Created}}", after)).trim();
  expect(Date.now() - Date.parse(created)).toBeLessThan(1_200_000);
});
