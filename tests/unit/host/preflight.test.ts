/** Tests what is refused before a deployment, with a made-up Docker. tests/pulumi tests it under the real CLI. */
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Container } from "../../../host/docker.ts";
import { imagesOnly, inspectHost, requireFreeHost } from "../../../host/preflight.ts";
import { systemWith } from "../../support/program.ts";

let isLocal = true;
let publisher = "";

vi.mock("../../../host/docker.ts", () => ({
  dockerEndpoint: () => ({
    host: isLocal ? "unix:///var/run/docker.sock" : "tcp://far:2376",
    source: "a test",
  }),
  dockerEnvironment: () => ({}),
  containersOf: async () => [],
  volumesNamed: async () => new Map(),
  serviceOf: ({ Config }: Container) => Config.Labels["ragdock.service"],
  docker: async (command: string) => (command === "ps" ? publisher : "/nowhere\n"),
}));

let server: Server;
let port = 0;
beforeAll(async () => {
  server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  port = (server.address() as { port: number }).port;
});
afterAll(() => void server.close());
beforeEach(() => {
  isLocal = true;
  publisher = "";
});

const system = () => systemWith({ system: "m31", services: { web: { port } } });
const stack = { project: "ragdock", stack: "test" };

describe("ports", () => {
  it("are refused if a program of this machine holds one, with the command that moves ours", async () => {
    await expect(requireFreeHost("test", system(), [])).rejects.toThrow(
      new RegExp(`port ${port} of web is taken by .*\\n.*--stack test --path 'ragdock:services.web.port'`),
    );
  });

  it("of a remote host are refused only if a container there publishes one", async () => {
    isLocal = false;
    await expect(requireFreeHost("test", system(), [])).resolves.toBeUndefined();
    publisher = "other\n";
    await expect(requireFreeHost("test", system(), [])).rejects.toThrow("taken by the container other");
  });
});

describe("the program", () => {
  it("refuses a host with taken ports, unless it only makes images", async () => {
    await expect(inspectHost(stack, system(), {})).rejects.toThrow("Ports are taken");
    vi.stubEnv(imagesOnly, "true");
    await expect(inspectHost(stack, system(), {})).resolves.toEqual({ containers: [], volumes: {} });
    vi.unstubAllEnvs();
  });

  it("reports lost data before taken ports", async () => {
    const recorded = { "ragdock-test-redis-data": "2026-01-01T00:00:00.000Z" };
    await expect(inspectHost(stack, system(), recorded)).rejects.toThrow("is gone. Nothing was changed.");
  });
});
