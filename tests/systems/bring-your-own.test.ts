/**
 * The guide docs/guide/own-application.md: examples/own-application with its Dockerfile, and a FastAPI folder without one.
 * Does not prove that any application gets along with a read-only source, several replicas or Grafana.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { inside } from "../support/observe.ts";
import { docker, projectDir, TestStack } from "../support/stack.ts";

const port = 18_600;
const off = { enabled: false };
const unwatched = Object.fromEntries(
  [
    "prometheus",
    "alertmanager",
    "grafana",
    "cadvisor",
    "node-exporter",
    "postgres-exporter",
    "redis-exporter",
    "blackbox-exporter",
    "nginx-exporter",
  ].map((name) => [name, off]),
);
const settings = (app: Record<string, unknown>, api: Record<string, unknown> = {}) => ({
  system: "full",
  images: "packages",
  app,
  services: { gateway: { port }, api, ...unwatched },
});
const stack = new TestStack("e2e-own", {});
afterAll(() => stack.remove());

const at = (path: string, init?: RequestInit): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, init);

describe("an application of one's own", () => {
  it("runs from its Dockerfile, with the database's password in the file where it looks for it", async () => {
    const example = readFileSync(join(projectDir, "examples/own-application/Pulumi.notes.yaml"), "utf8");
    const { config } = parse(example);
    stack.configure(settings(config["ragdock:app"], config["ragdock:services"].api));
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    expect(await (await at("/ping")).text()).toBe("pong");
    expect((await at("/notes", { method: "POST", body: "kept in the stack's database" })).status).toBe(201);
    expect(await (await at("/notes")).json()).toEqual(["kept in the stack's database"]);
    const password = (await inside(stack, "api", "cat", "/run/secrets/postgres-password")).output.trim();
    expect(password).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(await docker("inspect", ...(await stack.containers()))).not.toContain(password);
  });

  it("runs from a folder with a requirements.txt and nothing else, and hides its metrics", async () => {
    stack.configure(
      settings({
        source: "tests/support/fixtures/fastapi-app",
        module: "service:api",
        metricsPath: "/metrics",
        port: 9000,
        healthPath: "/healthz",
      }),
    );
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    expect(await (await at("/healthz")).json()).toEqual({ status: "up" });
    for (const path of ["/metrics", "/metrics/"]) expect((await at(path)).status).toBe(404);
  });

  it("is refused in one line when its folder is not there, before anything is touched", async () => {
    const before = await stack.containers();
    stack.configure(settings({ source: "../nowhere" }));
    const { code, output } = await stack.make("up");
    expect(code).toBe(1);
    expect(output).toContain('ragdock:app.source: found "../nowhere"; there is no such folder');
    expect(await stack.containers()).toEqual(before);
  });
});
