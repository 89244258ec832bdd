/**
 * Deploys over ssh to a second dockerd in a separate network namespace, in place of another
 * machine. Both share the disk, the memory and the CPUs, so the test does not prove that those are
 * the remote ones.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imageModeOf } from "../../cli/system.ts";
import { imagePlan } from "../../components/image-plan.ts";
import { resolveSystem } from "../../config/resolve.ts";
import { imageName } from "../../config/spec/image.ts";
import { ensureBaseImage } from "../../host/base-image.ts";
import { unwatched } from "../support/program.ts";
import { missingForRemote, RemoteDocker } from "../support/remote-docker.ts";
import { docker, projectDir, TestStack } from "../support/stack.ts";

const missing = missingForRemote();
const port = 28_170;
const application = mkdtempSync(join(tmpdir(), "ragdock-remote-app-"));
const settings = {
  system: "full",
  images: "packages",
  app: { source: application },
  services: { gateway: { port, exposure: "public" }, ...unwatched },
};
const name = "remote-host";
const remote = new RemoteDocker();
const local = new TestStack(name, settings);
const stack = new TestStack(name, settings);

describe.skipIf(missing)("a Docker host over ssh", () => {
  beforeAll(async () => {
    await remote.start();
    const base = await ensureBaseImage();
    mkdirSync(join(application, "www", "api"), { recursive: true });
    writeFileSync(join(application, "www", "api", "health"), "well\n");
    const httpd = JSON.stringify(["busybox", "httpd", "-f", "-p", "8000", "-h", "/www"]);
    writeFileSync(
      join(application, "Dockerfile"),
      `FROM ${base}\nRUN ln -s /bin/busybox /bin/wget\nCOPY www /www\nCMD ${httpd}\n`,
    );
    // The namespace reaches no package mirror, so all images except that of the application are
    // copied.
    const built = await local.make("build");
    expect(built.code, built.output).toBe(0);
    const system = resolveSystem(settings, { project: "ragdock", stack: name, secrets: new Set(), host: {} });
    const mode = await imageModeOf(system);
    const own = system.services.flatMap(({ image }) => (imageName(image) === "app" ? [image] : []));
    const others = system.services.map(({ image }) => image).filter((image) => imageName(image) !== "app");
    const bases = own.flatMap((image) => (image.from === "build" ? (image.bases ?? []) : []));
    const pinned = Object.fromEntries(
      [...others, ...bases].map((image) => [imageName(image), imagePlan(image, mode).reference]),
    );
    remote.load([base, ...Object.values(pinned)]);
    stack.configure({ ...settings, pinned }, { "docker:host": remote.url });
    stack.variables = remote.variables;
  }, 600_000);

  afterAll(async () => {
    await stack.remove();
    await local.remove();
    await remote.stop();
    rmSync(application, { recursive: true });
    rmSync(join(projectDir, ".ragdock", "backups", name), { recursive: true, force: true });
  }, 120_000);

  it("refuses a port that is taken on that host", async () => {
    const other = remote.listen(port);
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(1);
    expect(output).toMatch(new RegExp(`port ${port} of gateway is taken by .*\\(process ${other.pid}\\)`));
    other.kill();
  });

  it("builds and runs the stack, although this machine uses the same port, and answers under its own name", async () => {
    const before = remote.connections();
    const own = createServer().listen(port);
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    expect(output).toContain(`http://${remote.address}:${port}`);
    own.close();
    const answer = await fetch(`http://${remote.address}:${port}/api/health`);
    expect(await answer.text()).toBe("well\n");
    expect(remote.docker("ps", "--format", "{{.Names}}")).toContain("ragdock-remote-host-api");
    expect(await docker("ps", "-a", "--format", "{{.Names}}")).not.toContain("ragdock-remote-host");
    // Without sharing, each connection is a separate login.
    const after = remote.connections();
    expect((after.commands - before.commands) / (after.logins - before.logins)).toBeGreaterThan(5);
  });

  it("changes nothing in a second run, and is backed up to this machine", async () => {
    expect(await stack.unchanged()).toBe("");
    const { code, output } = await stack.make("backup");
    expect(code, output).toBe(0);
    expect(readdirSync(join(projectDir, ".ragdock", "backups", name))).toHaveLength(1);
  });
});
