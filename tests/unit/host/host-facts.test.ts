/**
 * Tests the facts about the Docker host, with a Docker that reports another size than this machine.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { hostFacts, onDockerHost } from "../../../host/server.ts";

const fake = vi.hoisted(() => ({ docker: vi.fn(), dockerEndpoint: vi.fn(), dockerEnvironment: vi.fn() }));
vi.mock("../../../host/docker.ts", () => fake);

beforeEach(() => {
  fake.dockerEndpoint.mockReturnValue({ host: "unix:///var/run/docker.sock", source: "DOCKER_HOST" });
  fake.dockerEnvironment.mockReturnValue(process.env);
});

describe("memory and CPUs", () => {
  it("come from Docker, which may run in a virtual machine", async () => {
    fake.docker.mockResolvedValue(JSON.stringify({ NCPU: 3, MemTotal: 2 ** 31 }));
    expect(await hostFacts()).toEqual({ cpus: 3, memoryMiB: 2048 });
  });

  it("are unknown if Docker does not answer", async () => {
    fake.docker.mockResolvedValue(JSON.stringify({ NCPU: 0, MemTotal: 0, ServerErrors: ["down"] }));
    expect(await hostFacts()).toEqual({});
    fake.docker.mockRejectedValue(new Error("down"));
    expect(await hostFacts()).toEqual({});
  });
});

it("runs no program on this machine for a Docker host over TCP", async () => {
  expect(await onDockerHost("echo", "here")).toBe("here\n");
  fake.dockerEndpoint.mockReturnValue({ host: "tcp://rag.example.com:2376", source: "DOCKER_HOST" });
  expect(await onDockerHost("echo", "here")).toBeUndefined();
});
