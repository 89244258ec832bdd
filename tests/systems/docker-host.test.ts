/** Tests that the CLI, the provider and the builder use the same Docker host. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inspectAll } from "../../host/docker.ts";
import { SocketLog } from "../support/socket-log.ts";
import { TestStack } from "../support/stack.ts";

const config = mkdtempSync(join(tmpdir(), "ragdock-docker-host-"));
const stack = new TestStack("docker-host", { system: "m31", images: "packages" });
let socket: SocketLog;

beforeAll(async () => {
  socket = await SocketLog.listen(join(config, "docker.sock"));
  context("create", "mine", "--docker", `host=unix://${socket.path}`);
  context("create", "down", "--docker", "host=unix:///nowhere/docker.sock");
  stack.variables = { DOCKER_CONFIG: config, DOCKER_HOST: "" };
});
afterAll(async () => {
  socket.close();
  stack.variables = {};
  await stack.remove();
  rmSync(config, { recursive: true });
});

const context = (...args: string[]) =>
  execFileSync("docker", ["context", ...args], {
    env: { ...process.env, DOCKER_CONFIG: config },
    stdio: "pipe",
  });

/** Selects a builder as `docker buildx create --use` does. Its container does not exist. */
function selectBuilder(name: string): void {
  const node = { Name: `${name}0`, Endpoint: `unix://${socket.path}`, Platforms: null, Flags: null };
  const group = { Name: name, Driver: "docker-container", Nodes: [node], Dynamic: false };
  const buildx = join(config, "buildx");
  mkdirSync(join(buildx, "instances"), { recursive: true });
  writeFileSync(join(buildx, "instances", name), JSON.stringify(group));
  writeFileSync(join(buildx, "current"), JSON.stringify({ Key: "", Name: name, Global: true }));
}

describe("the Docker host", () => {
  it("does not miss what someone has removed between two commands", async () => {
    const names = ["bridge", "ragdock-removed"];
    const networks = await inspectAll<{ Name: string }>("network", names);
    expect(networks.map(({ Name }) => Name)).toEqual(["bridge"]);
    expect(await inspectAll("container", ["ragdock-removed"])).toEqual([]);
    expect(await inspectAll("volume", ["ragdock-removed"])).toEqual([]);
    await expect(inspectAll("container", ["--no-such-option"])).rejects.toThrow("unknown flag");
  });

  it("is that of the current context for the CLI, the provider and the builder, even if another builder is selected", async () => {
    context("use", "mine");
    selectBuilder("ci");
    const { code, output } = await stack.make("build");
    expect(code, output).toBe(0);
    const calls = (pattern: RegExp) => socket.requests.filter((request) => pattern.test(request)).length;
    expect(calls(/\/info Docker-Client/), "the CLI").toBeGreaterThan(0);
    expect(calls(/\/images\/json.* Go-http-client/), "the provider").toBeGreaterThan(0);
    expect(calls(/^POST \/grpc /), "the builder").toBeGreaterThan(0);
  });

  it("is not replaced by another one when the context's Docker is down", async () => {
    context("use", "down");
    const before = socket.requests.length;
    const { code, output } = await stack.make("build");
    expect(code).toBe(1);
    expect(output).toContain('Docker does not answer at unix:///nowhere/docker.sock (the context "down")');
    expect(output).not.toMatch(/^ +at /m);
    expect(socket.requests.length).toBe(before);
  });
});
