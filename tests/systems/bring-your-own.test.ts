/**
 * Follows docs/guide/own-application.md with examples/own-application, which has a Dockerfile, and
 * with a FastAPI folder without one. These tests do not prove that every application works with a
 * read-only source, several replicas or Grafana.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { inside } from "../support/observe.ts";
import { unwatched } from "../support/program.ts";
import { docker, projectDir, TestStack } from "../support/stack.ts";

const port = 18_600;
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

describe("the user's own application", () => {
  it("runs from its Dockerfile, with the database's password in a file at the path that it reads", async () => {
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

  it("runs from a folder with only sources and a requirements.txt, and hides its metrics", async () => {
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

  it("is refused with one line if its folder does not exist, before anything changes", async () => {
    const before = await stack.containers();
    stack.configure(settings({ source: "../nowhere" }));
    const { code, output } = await stack.make("up");
    expect(code).toBe(1);
    expect(output).toContain('ragdock:app.source: found "../nowhere"; the project has no such folder');
    expect(await stack.containers()).toEqual(before);
  });
});
