/**
 * Brings up examples/own-system from a folder outside of the checkout, changes its files and
 * returns to earlier settings. These tests do not prove that every module works in a system of
 * one's own.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docker, projectDir, TestStack } from "../support/stack.ts";

const port = 18_620;
const folder = mkdtempSync(join(tmpdir(), "ragdock-own-system-"));
const system = join(folder, "system.ts");
const watchers = [
  "prometheus",
  "alertmanager",
  "blackbox-exporter",
  "redis-exporter",
  "nginx-exporter",
  "node-exporter",
];
const off = Object.fromEntries(watchers.map((name) => [name, { enabled: false }]));
const stack = new TestStack("e2e-outside", {});
const settings = (more: Record<string, unknown> = {}) => ({
  system,
  images: "packages",
  services: { gateway: { port }, ...off },
  ...more,
});
afterAll(async () => {
  await stack.remove();
  rmSync(folder, { recursive: true });
});

const at = (path: string, init?: RequestInit): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, init);
const greet = (text: string): void =>
  writeFileSync(join(folder, "greeting.ts"), `export const greeting = "${text}";\n`);
const greeting = async (): Promise<unknown> =>
  ((await (await at("/")).json()) as { greeting: unknown }).greeting;

async function up(): Promise<string> {
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
  return output;
}

describe("a system outside of the checkout", () => {
  beforeAll(async () => {
    cpSync(join(projectDir, "examples/own-system"), folder, { recursive: true });
    greet("first");
    stack.configure(settings());
    await up();
  });

  it("runs the application that its file builds, with Ragdock's store and gateway", async () => {
    expect((await at("/", { method: "POST", body: "why?" })).status).toBe(201);
    expect((await at("/", { method: "POST", body: "why?" })).status).toBe(201);
    expect(await (await at("/")).json()).toEqual({ greeting: "first", questions: { "why?": 2 } });
    const image = await docker("inspect", "-f", "{{.Image}}", await stack.container("web"));
    const tags = await docker("image", "inspect", "-f", "{{.RepoTags}}", image.trim());
    expect(tags).toMatch(/ragdock\/questions-web:[0-9a-f]{12}/);
  });

  it("is unchanged by a second run", async () => expect(await stack.unchanged()).toBe(""));

  it("changes with its files, and keeps its data", async () => {
    greet("second");
    await up();
    expect(await (await at("/")).json()).toEqual({ greeting: "second", questions: { "why?": 2 } });
    const { output } = await stack.make("deployments");
    expect(output).toContain("the files of the system");
  });

  it("returns to earlier settings only with the files of that time", async () => {
    const refused = await stack.make("rollback");
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(`${system} has changed since the deployment of`);
    expect(await greeting()).toBe("second");
    greet("first");
    await up();
    expect(await greeting()).toBe("first");
  });

  it("returns to earlier settings with the same files", async () => {
    const environment = { GREETING: "third" };
    stack.configure(settings({ services: { gateway: { port }, web: { environment }, ...off } }));
    await up();
    expect(await greeting()).toBe("third");
    const { code, output } = await stack.make("rollback");
    expect(code, output).toBe(0);
    expect(await greeting()).toBe("first");
  });

  it("is refused with its reason if the file is gone, before anything changes", async () => {
    const before = await stack.containers();
    stack.configure(settings({ system: join(folder, "gone.ts") }));
    const { code, output } = await stack.make("up");
    expect(code).toBe(1);
    expect(output).toContain(`there is no file ${join(folder, "gone.ts")}`);
    expect(output).not.toContain("    at ");
    expect(await stack.containers()).toEqual(before);
    stack.configure(settings());
  });
});
