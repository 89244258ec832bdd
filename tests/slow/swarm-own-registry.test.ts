/**
 * Builds an application on a Swarm of three engines without a registry in the settings: the stack runs
 * one. tools/swarm/nodes.ts says what these engines do not prove.
 */
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { volumeNodeLabel } from "../../config/spec/swarm.ts";
import { eventually } from "../../tools/eventually.ts";
import { LabStack, type Served, SwarmLab } from "../../tools/swarm/lab.ts";
import type { SwarmNode } from "../../tools/swarm/nodes.ts";
import { withOwnRegistry } from "../support/own-registry.ts";
import { containersOn, describeSwarm, lines } from "../support/swarm.ts";

const name = "swarm-own-registry";
const ports = { web: 28_163, registry: 28_162 };
const folder = mkdtempSync(join(tmpdir(), "ragdock-own-registry-"));
const lab = new SwarmLab(28_161);
const { swarm } = lab;
const url = `http://127.0.0.1:${ports.registry}/v2/`;
const label = volumeNodeLabel(`ragdock-${name}-registry-data`);
let settings: Served;
let stack: LabStack;

/** The status of a request from a node itself. */
async function statusOn({ namespace }: SwarmNode, path: string, ...options: string[]): Promise<string> {
  const request = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", ...options, `${url}${path}`];
  return (await execa("nsenter", [`--net=/run/netns/${namespace}`, ...request])).stdout;
}

/** The image that a service runs, as Swarm names it. */
async function imageOf(service: string): Promise<string> {
  const filter = `label=ragdock.service=${service}`;
  const id = (await swarm.manager.docker("service", "ls", "-q", "--filter", filter)).trim();
  const format = "{{.Spec.TaskTemplate.ContainerSpec.Image}}";
  return (await swarm.manager.docker("service", "inspect", "--format", format, id)).trim();
}

const digestOf = (reference: string): string => reference.replace(/^.*@/, "");

describeSwarm("the registry of a stack on a Swarm", () => {
  beforeAll(async () => {
    await lab.start();
    settings = await withOwnRegistry(lab, name, folder, ports);
    stack = new LabStack(name, settings, { "docker:host": swarm.manager.host });
    // The last test ends the node of the images, and not the manager.
    await swarm.manager.docker("node", "update", "--label-add", `${label}=true`, "node-2");
  });

  afterAll(async () => {
    await stack?.make("down");
    await lab.stop();
    stack?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it("has the image that was built, and each node pulls it by its digest", async () => {
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    expect(await imageOf("web")).toMatch(
      new RegExp(`^127\\.0\\.0\\.1:${ports.registry}/ragdock/questions-web:\\w+@sha256:`),
    );
    const all = await containersOn(swarm, name, "web");
    expect(all.filter((count) => count > 0).length).toBeGreaterThan(1);
    for (const { address } of swarm.nodes)
      expect((await fetch(`http://${address}:${ports.web}/health`)).status).toBe(200);
  });

  it("lets nobody in without the password, and leads to nothing but images", async () => {
    for (const node of swarm.nodes) expect(await statusOn(node, "_catalog")).toBe("401");
    expect((await fetch(`http://${swarm.manager.address}:${ports.registry}/v2/_catalog`)).status).toBe(401);
  });

  it("changes nothing in a second run", async () => {
    expect((await stack.make("up")).output).toContain("Nothing created, updated or replaced");
  });

  it("gives the nodes a new password", async () => {
    const { code, output } = await stack.make("rotate", ["--secret", "registry"]);
    expect(code, output).toBe(0);
    await expectPull();
  });

  it("is filled again by the next deployment if its data is lost", async () => {
    const lost = ["sh", "-c", "rm -rf /var/lib/registry/docker"];
    // The test before may have drained the node of the images.
    await eventually(async () => {
      const { code, output } = await stack.make("exec", ["registry-images", "--", ...lost]);
      if (code !== 0) throw new Error(output);
      return true;
    });
    const up = await stack.make("up");
    expect(up.code, up.output).toBe(0);
    await expectPull();
  });

  it("has the earlier image for a rollback", async () => {
    const before = digestOf(await imageOf("web"));
    appendFileSync(join(folder, "system/web/app.py"), "\n# changed\n");
    const up = await stack.make("up");
    expect(up.code, up.output).toBe(0);
    expect(digestOf(await imageOf("web"))).not.toBe(before);
    const { code, output } = await stack.make("rollback");
    expect(code, output).toBe(0);
    expect(digestOf(await imageOf("web"))).toBe(before);
    await expectPull();
  });

  it("is filled again on another node if its node is lost", async () => {
    const [, lost, other] = swarm.nodes;
    await lost?.kill();
    const state = ["node", "inspect", "--format", "{{.Status.State}}", "node-2"];
    await eventually(async () => (await swarm.manager.docker(...state)).trim() === "down" || undefined);
    await swarm.manager.docker("node", "update", "--label-rm", label, "node-2");
    // Its images are in no backup, so nobody has to accept that they are lost.
    // The rollback selected an image that was pushed before. Such an image is lost with the registry.
    stack.configure(settings);
    const up = await stack.make("up");
    expect(up.code, up.output).toBe(0);
    const { credentials } = JSON.parse((await stack.make("outputs", ["--show-secrets"])).output);
    const digest = digestOf(await imageOf("web"));
    const accept = "accept: application/vnd.docker.distribution.manifest.v2+json";
    const login = ["--user", `ragdock:${credentials["registry-password"]}`, "--header", accept];
    const manifest = `ragdock/questions-web/manifests/${digest}`;
    expect(await statusOn(other as SwarmNode, manifest, ...login)).toBe("200");
  });
});

/** Removes the image from a node that does not run it, and lets a replica move there. */
async function expectPull(): Promise<void> {
  // The containers of the service before may still stop.
  const all = await eventually(async () => {
    const counts = await containersOn(swarm, name, "web");
    return counts.includes(0) ? counts : undefined;
  }, 60);
  const to = swarm.nodes[all.indexOf(0)];
  const from = swarm.nodes[all.findLastIndex((count) => count > 0)];
  if (!to || !from) throw new Error(`no node runs the application: ${all.join(", ")}`);
  const known = await to.docker("images", "-q", `127.0.0.1:${ports.registry}/ragdock/questions-web`);
  for (const id of new Set(lines(known))) await to.docker("rmi", "--force", id);
  await swarm.manager.docker("node", "update", "--availability", "drain", from.name);
  try {
    await eventually(async () => {
      const counts = await containersOn(swarm, name, "web");
      return (counts[swarm.nodes.indexOf(to)] ?? 0) > 0 || undefined;
    }, 120);
  } finally {
    await swarm.manager.docker("node", "update", "--availability", "active", from.name);
  }
}
