/**
 * Tests what is refused before a deployment, with a fake Docker. tests/pulumi tests it under the
 * real CLI.
 */
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { imagesOnly } from "../../../config/spec/part.ts";
import type { Container, Volume } from "../../../host/docker.ts";
import { inspectHost, requireFreeHost } from "../../../host/preflight.ts";
import { systemWith } from "../../support/program.ts";
import { refusalOf } from "../../support/reader.ts";

let isLocal = true;
let publisher = "";
let securityOptions = "[]";
/** Docker's networks: the name and the subnets of each. */
let networks: string[] = [];
/** A folder that root owns, as the volumes of the stack. */
let volumes = new Map<string, Volume>();

vi.mock("../../../host/docker.ts", () => ({
  dockerEndpoint: () => ({
    host: isLocal ? "unix:///var/run/docker.sock" : "tcp://far:2376",
    source: "a test",
  }),
  dockerEnvironment: () => ({}),
  containersOf: async () => [],
  volumesNamed: async () => volumes,
  stackFilters: () => [],
  serviceOf: ({ Config }: Container) => Config.Labels["ragdock.service"],
  inspectAll: async () =>
    networks.map((line) => {
      const [Name, ...subnets] = line.split(" ");
      return { Name, IPAM: { Config: subnets.map((Subnet) => ({ Subnet })) } };
    }),
  docker: async (command: string) => {
    if (command === "network") return "";
    return command === "ps"
      ? publisher
      : `{"DockerRootDir":"/nowhere","SecurityOptions":${securityOptions},"DefaultAddressPools":[{"Base":"10.9.0.0/21","Size":24}]}`;
  },
}));

vi.mock("../../../host/swarm.ts", () => ({ requireSwarm: async () => undefined }));
vi.mock("../../../host/tasks.ts", () => ({ nodesOfSwarm: async () => nodes }));

/** The nodes of a Swarm. */
let nodes: unknown[] = [];
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
  securityOptions = "[]";
  networks = [];
  volumes = new Map();
});

const system = () => systemWith({ system: "m31", services: { web: { port } } });
const stack = { project: "ragdock", stack: "test" };

describe("ports", () => {
  it("are refused if a program on this machine uses one, with the command that changes ours", async () => {
    expect(await refusalOf(() => requireFreeHost("test", system(), []), "test")).toMatch(
      new RegExp(`port ${port} of web is taken by .*\\n.*--stack test --path 'ragdock:services.web.port'`),
    );
  });

  it("of a remote host are refused only if a container on that host publishes one", async () => {
    isLocal = false;
    await expect(requireFreeHost("test", system(), [])).resolves.toBeUndefined();
    publisher = "other\n";
    await expect(requireFreeHost("test", system(), [])).rejects.toThrow("taken by the container other");
  });
});

describe("networks", () => {
  beforeEach(() => {
    isLocal = false;
  });

  // The pool has room for eight networks, and m31 needs six.
  const withFreePort = () => systemWith({ system: "m31", services: { web: { port: 18_999 } } });

  it("are refused if Docker has no addresses for all of them", async () => {
    networks = ["bridge 172.17.0.0/16", "a 10.9.0.0/24", "b 10.9.1.0/24"];
    await expect(requireFreeHost("test", withFreePort(), [])).resolves.toBeUndefined();
    networks.push("c 10.9.2.0/24", "host");
    await expect(requireFreeHost("test", withFreePort(), [])).rejects.toThrow(
      "Docker has addresses for 5 more networks. The stack needs 6",
    );
  });

  it("that the stack already has need no more addresses", async () => {
    const names = Object.keys(withFreePort().networks);
    networks = names.map((name, at) => `ragdock-test-${name} 10.9.${at}.0/24`);
    await expect(requireFreeHost("test", withFreePort(), [])).resolves.toBeUndefined();
  });
});

describe("volumes of other users", () => {
  const name = "ragdock-test-redis-data";
  const withFreePort = () => systemWith({ system: "m31", services: { web: { port: 18_999 } } });

  it("are refused, with the command that changes the owner", async () => {
    volumes = new Map([[name, { Name: name, Labels: null, Mountpoint: "/usr" }]]);
    await expect(requireFreeHost("test", withFreePort(), [])).rejects.toThrow(
      `volume ${name} belongs to user 0, and redis runs as user 999`,
    );
  });

  it.each(["rootless", "userns"])("are not compared if Docker maps users (%s)", async (option) => {
    securityOptions = `["name=seccomp,profile=default","name=${option}"]`;
    volumes = new Map([[name, { Name: name, Labels: null, Mountpoint: "/usr" }]]);
    await expect(requireFreeHost("test", withFreePort(), [])).resolves.toBeUndefined();
  });
});

describe("the program", () => {
  it("refuses a host with taken ports, unless it only builds images", async () => {
    await expect(inspectHost(stack, system(), {})).rejects.toThrow("Ports are taken");
    vi.stubEnv(imagesOnly, "true");
    await expect(inspectHost(stack, system(), {})).resolves.toEqual({
      containers: [],
      existingVolumes: {},
      broken: {},
    });
    vi.unstubAllEnvs();
  });

  it("reports lost data before taken ports", async () => {
    const volumes = { "ragdock-test-redis-data": "2026-01-01T00:00:00.000Z" };
    await expect(inspectHost(stack, system(), { volumes })).rejects.toThrow("is gone. Nothing was changed.");
  });

  it("reports lost data and wrong labels on a Swarm too", async () => {
    const name = "ragdock-test-redis-data";
    const volumes = { [name]: "2026-01-01T00:00:00.000Z" };
    const outputs = { target: "swarm", volumes };
    const onSwarm = { ...system(), target: "swarm" as const };
    const labelled = (value: string) => [
      { ID: "x1", Spec: { Labels: { [`ragdock.volume.${name}`]: value } }, Description: { Hostname: "a" } },
    ];
    nodes = [];
    await expect(inspectHost(stack, onSwarm, outputs)).rejects.toThrow("the data of redis, is on no node");
    nodes = labelled("yes");
    await expect(inspectHost(stack, onSwarm, outputs)).rejects.toThrow('is "yes" on a, and must be true');
    nodes = labelled("true");
    const found = { containers: [], existingVolumes: volumes, broken: {} };
    expect(await inspectHost(stack, onSwarm, outputs)).toEqual(found);
  });
});
