/**
 * Builds an application on a Swarm of three engines without a registry in the settings: the stack runs
 * one. tools/swarm/nodes.ts says what these engines do not prove. The image of the registry is built
 * here from Debian's package, which has another version than the official image.
 */
import { appendFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registryCatalogueImage } from "../../config/services/registry.ts";
import { LabStack, SwarmLab } from "../../tools/swarm/lab.ts";
import { missingForSwarm, type SwarmNode } from "../../tools/swarm/nodes.ts";
import { open, unwatchedIn } from "../support/program.ts";
import { eventually, projectDir } from "../support/stack.ts";
import { containersOn, lines } from "../support/swarm.ts";

const missing = missingForSwarm();
if (missing) console.log(`skipped: ${missing} is missing`);
const name = "swarm-own-registry";
const port = 28_163;
const registryPort = 28_162;
const folder = mkdtempSync(join(tmpdir(), "ragdock-own-registry-"));
const system = join(folder, "system/system.ts");
const lab = new SwarmLab(28_161);
const { swarm } = lab;
const url = `http://127.0.0.1:${registryPort}/v2/`;
let stack: LabStack;

/** The status of a request from a node itself. */
async function statusOn({ namespace }: SwarmNode, path: string): Promise<string> {
  const request = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", `${url}${path}`];
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

describe.skipIf(missing)("the registry of a stack on a Swarm", () => {
  beforeAll(async () => {
    await lab.start();
    cpSync(join(projectDir, "examples/own-system"), join(folder, "system"), { recursive: true });
    const settings = {
      ...{ system, environment: "prod", ingress: open },
      services: { gateway: { port }, ...unwatchedIn(system) },
    };
    const { pinned, ...served } = await lab.served(name, settings);
    const { "questions-web": web = "", ...others } = pinned;
    const { configPath } = registryCatalogueImage;
    const registry = await lab.variant(
      SwarmLab.here(web),
      "registry",
      "USER 0",
      "RUN apt-get update && apt-get install -y --no-install-recommends docker-registry busybox && busybox --install -s /usr/local/bin",
      `ENTRYPOINT ["docker-registry", "serve"]`,
      `CMD ["${configPath}"]`,
    );
    // The nodes have no way to an official image of Python.
    const images = { ...others, registry, python: web };
    const own = { registry: { port: registryPort } };
    stack = new LabStack(
      name,
      { ...served, pinned: images, services: { ...served.services, ...own } },
      { "docker:host": swarm.manager.host },
    );
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
      new RegExp(`^127\\.0\\.0\\.1:${registryPort}/ragdock/questions-web:\\w+@sha256:`),
    );
    const all = await containersOn(swarm, name, "web");
    expect(all.filter((count) => count > 0).length).toBeGreaterThan(1);
    for (const { address } of swarm.nodes)
      expect((await fetch(`http://${address}:${port}/health`)).status).toBe(200);
  });

  it("lets nobody in without the password, and leads to nothing but images", async () => {
    for (const node of swarm.nodes) expect(await statusOn(node, "_catalog")).toBe("401");
    expect((await fetch(`http://${swarm.manager.address}:${registryPort}/v2/_catalog`)).status).toBe(401);
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
    const { code, output } = await stack.make("exec", ["registry-images", "--", ...lost]);
    expect(code, output).toBe(0);
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
  const known = await to.docker("images", "-q", `127.0.0.1:${registryPort}/ragdock/questions-web`);
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
