/**
 * Builds an application on a Swarm of three engines, which push it to a registry with a login and TLS,
 * and pull it from there. tools/swarm/nodes.ts says what these engines do not prove. The other images
 * come from a registry without both, because no node can build them.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SwarmLab } from "../../tools/swarm/lab.ts";
import { machine } from "../../tools/swarm/nodes.ts";
import { open, unwatchedIn } from "../support/program.ts";
import { secretTexts, TestRegistry } from "../support/registry.ts";
import { projectDir, TestStack } from "../support/stack.ts";
import { containersOn, describeSwarm } from "../support/swarm.ts";

const name = "swarm-registry";
const port = 28_173;
const registryPort = 28_172;
const folder = mkdtempSync(join(tmpdir(), "ragdock-swarm-registry-"));
const file = (part: string): string => join(folder, part);
const secured = { address: machine, certificate: file("registry.crt"), key: file("registry.key") };
const trusted = `/etc/docker/certs.d/${machine}:${registryPort}`;
const system = file("system/system.ts");
const lab = new SwarmLab(28_171);
const { swarm } = lab;
const registry = new TestRegistry(registryPort, secured);
const stack = new TestStack(name, {});

/** A separate authority for the registry, which the engines trust. */
function certify(): void {
  const subject = ["-subj", "/CN=registry", "-addext", `subjectAltName=IP:${machine}`];
  const files = ["-keyout", secured.key, "-out", secured.certificate];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...subject, ...files],
    {
      stdio: "pipe",
    },
  );
  mkdirSync(trusted, { recursive: true });
  cpSync(secured.certificate, join(trusted, "ca.crt"));
}

describeSwarm("an application in a registry with a login and TLS", () => {
  beforeAll(async () => {
    certify();
    await lab.start();
    await registry.start();
    cpSync(join(projectDir, "examples/own-system"), file("system"), { recursive: true });
    const settings = {
      ...{ system, environment: "prod", ingress: open },
      services: { gateway: { port }, ...unwatchedIn(system) },
    };
    const { pinned, ...served } = await lab.served(name, settings);
    const { "questions-web": web = "", ...others } = pinned;
    // The nodes have no way to an official image of Python.
    stack.configure(
      { ...served, pinned: { ...others, python: web }, registry: `${registry.host}/team` },
      {
        "docker:host": swarm.manager.host,
        "docker:registryAuth": JSON.stringify([{ address: registry.host }]),
      },
    );
  });

  afterAll(async () => {
    await stack.make("down");
    await registry.stop();
    await lab.stop();
    await stack.remove();
    rmSync(trusted, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  });

  it("is not deployed without the login, and the error has the command that logs in", async () => {
    stack.variables = { DOCKER_CONFIG: registry.anonymous };
    const { code, output } = await stack.make("up");
    expect(code).toBe(1);
    expect(output).toContain(`docker login ${registry.host}`);
  });

  it("is built and pushed, and runs on the nodes by its digest", async () => {
    stack.variables = { DOCKER_CONFIG: registry.loggedIn };
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    const all = await containersOn(swarm, name, "web");
    expect(all.filter((count) => count > 0).length).toBeGreaterThan(1);
    const { manager } = swarm;
    const id = (await manager.docker("service", "ls", "-q", "--filter", "label=ragdock.service=web")).trim();
    const format = "{{.Spec.TaskTemplate.ContainerSpec.Image}}";
    expect(await manager.docker("service", "inspect", "--format", format, id)).toMatch(
      new RegExp(`^${registry.host}/team/ragdock/questions-web:\\w+@sha256:`),
    );
    for (const { address } of swarm.nodes)
      expect((await fetch(`http://${address}:${port}/health`)).status).toBe(200);
    for (const text of secretTexts) expect(output + stack.stateText()).not.toContain(text);
  });

  it("is not built or pushed again in a second run", async () => {
    expect(await stack.unchanged()).toBe("");
  });
});
