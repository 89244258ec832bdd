/**
 * Tests what is refused before a deployment on a Swarm, with a fake Docker. tests/slow/swarm.test.ts
 * has a real one.
 */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { publishedPorts } from "../../../config/spec/service.ts";
import type { SwarmOptions } from "../../../config/spec/target.ts";
import { requireSwarm } from "../../../host/swarm.ts";
import { systemWith } from "../../support/program.ts";
import { refusalOf } from "../../support/reader.ts";

let swarm = { LocalNodeState: "active", ControlAvailable: true };
let labelled = "";
let availability = "active";
let networks: { Name: string; Options: Record<string, string> | null }[] = [];
let services: object[] = [];

vi.mock("../../../host/docker-cli.ts", async (original) => ({
  ...(await original<object>()),
  inspectAll: async (kind: string) => (kind === "service" ? services : networks),
  docker: async (...command: string[]) => {
    switch (command.slice(0, 2).join(" ")) {
      case "info --format":
        return JSON.stringify({ Name: "node-1", Swarm: swarm });
      case "node ls":
        return command.at(-1) === `node.label=${labelled}=true` ? "x1\n" : "";
      case "node inspect":
        return `${availability}\n`;
      case "service ls":
        return "s1\ns2\n";
      case "network ls":
        expect(command).toContain("label=ragdock.project=ragdock");
        return networks.map(({ Name }) => Name).join("\n");
      default:
        return "";
    }
  },
}));

beforeEach(() => {
  swarm = { LocalNodeState: "active", ControlAvailable: true };
  labelled = "";
  availability = "active";
  networks = [];
  services = [];
});

const refused = (options: Partial<SwarmOptions>): Promise<string> => {
  const system = { ...systemWith({ system: "m31" }), swarm: { encrypted: false, ...options } };
  return refusalOf(() => requireSwarm("test", system), "test");
};

describe("a Swarm", () => {
  it("is used if this Docker is its manager, with nodes and networks as the settings say", async () => {
    networks = [{ Name: "ragdock-test-app", Options: { encrypted: "", vxlan: "4097" } }];
    labelled = "public";
    await requireSwarm("test", {
      ...systemWith({ system: "m31" }),
      swarm: { encrypted: true, ingressNodes: "public" },
    });
  });

  it("is refused if this Docker is a worker, or in no Swarm", async () => {
    swarm = { LocalNodeState: "active", ControlAvailable: false };
    expect(await refused({})).toContain("node-1 is a worker of its Swarm");
    swarm = { LocalNodeState: "inactive", ControlAvailable: false };
    expect(await refused({})).toContain("Docker on node-1 is in no Swarm");
  });

  it.each(["drain", "pause"])("is refused if the availability of its manager is %s", async (state) => {
    availability = state;
    const text = await refused({});
    expect(text).toContain(`the availability of its manager node-1 is ${state}`);
    expect(text).toContain("docker node update --availability active node-1");
  });

  it("is refused if a service of another stack publishes a port, and not if it has gone", async () => {
    const system = systemWith({ system: "m31" });
    const port = system.services.flatMap(publishedPorts)[0]?.host;
    const EndpointSpec = { Ports: [{ PublishedPort: port }] };
    services = [{ Spec: { Name: "other", EndpointSpec, Labels: { "ragdock.stack": "other" } } }];
    expect(await refused({})).toContain(`port ${port} of`);
    services = [];
    await requireSwarm("test", { ...system, swarm: { encrypted: false } });
  });

  it("is refused if no node has the label of the nodes that publish ports", async () => {
    labelled = "front";
    const text = await refused({ ingressNodes: "public" });
    expect(text).toContain("ragdock:swarm.ingressNodes is public");
    expect(text).toContain("docker node update --label-add public=true <node>");
  });

  it.each([
    [true, { vxlan: "4097" }],
    [true, null],
    [false, { encrypted: "" }],
  ])("is refused if encrypted is %s and a network has the options %o", async (encrypted, Options) => {
    networks = [{ Name: "ragdock-test-app", Options }];
    const text = await refused({ encrypted });
    expect(text).toContain(`ragdock:swarm.encrypted is ${encrypted}`);
    expect(text).toContain("make down STACK=test && make up STACK=test");
  });
});
