/**
 * Runs `make up` as a user who is not root and belongs to the group of Docker's socket. It runs in a
 * clone of the checkout with umask 077. The machine's older Node comes first in PATH. The base image
 * exists already: the test does not prove that such a user can build it.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { ensureBaseImage } from "../../host/base-image.ts";
import { docker, projectDir, type Ran } from "../support/stack.ts";

const isRoot = process.getuid?.() === 0;
const user = 42_424;
const stack = "other-user";
const port = 28_180;
const folder = mkdtempSync(join(tmpdir(), "ragdock-user-"));
const clone = join(folder, "ragdock");

/** Runs make as the user. */
function make(home: string, ...words: string[]): Ran {
  const group = statSync("/var/run/docker.sock").gid;
  const ids = [`--reuid=${user}`, `--regid=${user}`, `--groups=${group}`];
  // node_modules belongs to root and is current, so make must not install it again.
  const command = ["setpriv", ...ids, "make", "-o", "node_modules", ...words, `STACK=${stack}`];
  const path = `/usr/bin:/bin:${process.env.PATH}`;
  const env = { PATH: path, HOME: home, XDG_CACHE_HOME: join(folder, "cache"), DEPLOYER: "embedded" };
  try {
    const output = execFileSync("sh", ["-c", '"$@" 2>&1', "sh", ...command], {
      cwd: clone,
      env,
      encoding: "utf8",
    });
    return { code: 0, output };
  } catch (error) {
    const { status, stdout } = error as { readonly status: number; readonly stdout: string };
    return { code: status, output: stdout };
  }
}

describe.skipIf(!isRoot)("a user of group docker", () => {
  beforeAll(async () => {
    await ensureBaseImage();
    // With umask 077, the services' users can read a file only if the image sets its mode.
    const script = 'umask 077; git clone --quiet "$1" "$2"';
    execFileSync("sh", ["-c", script, "sh", projectDir, clone], { stdio: "pipe" });
    symlinkSync(join(projectDir, "node_modules"), join(clone, "node_modules"));
    // Building the providers takes minutes.
    cpSync(join(homedir(), ".cache/ragdock/providers"), join(folder, "cache/ragdock/providers"), {
      recursive: true,
    });
    const settings = { "ragdock:system": "m31", "ragdock:images": "packages" };
    const config = { ...settings, "ragdock:services": { web: { port } } };
    writeFileSync(join(clone, `Pulumi.${stack}.yaml`), stringify({ config }));
    chmodSync(folder, 0o755);
    execFileSync("chown", ["-R", `${user}:${user}`, folder]);
  }, 120_000);

  afterAll(() => {
    make(folder, "destroy-data", `CONFIRM=${stack}`);
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);

  it("can run `make up`, and the second time nothing changes", () => {
    const { code, output } = make(folder, "up");
    expect(code, output).toBe(0);
    expect(make(folder, "up").output).toContain("Nothing created, updated or replaced");
  });

  it("gets an error if another user has the stack's state, and can read the status without a home folder", async () => {
    const containers = () => docker("ps", "-q", "--filter", `label=ragdock.stack=${stack}`);
    const before = await containers();
    const { code, output } = make(join(folder, "another"), "up");
    expect(code).not.toBe(0);
    expect(output).toContain(`Stack "${stack}" already runs on this Docker host`);
    expect(output).toContain(`@${hostname()} deployed it.`);
    expect(await containers()).toBe(before);
    const status = make("/nowhere", "status");
    expect(status.code, status.output).toBe(0);
    const outputs = make("/nowhere", "outputs");
    expect(outputs.output).toContain("Ragdock cannot write its state");
    expect(outputs.output).not.toMatch(/^ +at /m);
  });
});
