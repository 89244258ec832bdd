import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeFile } from "../../cli/compose.ts";
import { destroy, type EngineOptions, preview, type RunResult, up } from "../../engine/index.ts";
import { projectDir } from "../../host/paths.ts";
import { ComposeProject } from "./compose-tool.ts";
import { idleSystem } from "./idle.ts";
import { median, say, secondsOf } from "./measure.ts";
import type { Growth } from "./results.ts";

const project = "ragdockbench";
const image = "ragdock-bench-idle:1";
/**
 * The number of measurements of an unchanged `up` and of a preview, whose times are short and vary
 * most.
 */
const shortOnes = 3;

/** Imports a tiny image with a static BusyBox. */
export function makeIdleImage(): void {
  const folder = mkdtempSync(join(tmpdir(), "ragdock-bench-busybox-"));
  try {
    execFileSync("apt-get", ["download", "-qq", "busybox-static"], { cwd: folder, stdio: "ignore" });
    const archive = readdirSync(folder).find((file) => file.endsWith(".deb")) ?? "";
    execFileSync("dpkg-deb", ["-x", archive, "root"], { cwd: folder });
    const bin = join(folder, "root/bin");
    if (!existsSync(bin)) mkdirSync(bin, { recursive: true });
    for (const applet of ["sleep", "true"]) symlinkSync("busybox", join(bin, applet));
    const tar = execFileSync("tar", ["-c", "-C", join(folder, "root"), "bin"], { maxBuffer: 1 << 26 });
    execFileSync("docker", ["import", "-", image], { input: tar, stdio: ["pipe", "ignore", "pipe"] });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes the tiny image, and containers that a failed run left behind. */
export function removeIdleImage(): void {
  const left = execFileSync("docker", ["ps", "-aq", "--filter", `label=ragdock.project=${project}`], {
    encoding: "utf8",
  });
  if (left.trim()) execFileSync("docker", ["rm", "-f", ...left.trim().split("\n")], { stdio: "ignore" });
  execFileSync("docker", ["image", "rm", image], { stdio: "ignore" });
}

/**
 * Measures the start of `count` idle services, an unchanged `up` and a preview. Repeats it with
 * Compose, if given.
 */
export async function grow(count: number, compose: string | undefined): Promise<Growth> {
  const folder = mkdtempSync(join(tmpdir(), "ragdock-bench-idle-"));
  const options: EngineOptions = {
    projectDir,
    program: "tests/bench-programs/idle.ts",
    project,
    stack: `idle${count}`,
    stateDir: folder,
    passphrase: randomBytes(16).toString("hex"),
    config: { count: String(count), image },
  };
  let ours: Pick<Growth, "start" | "unchanged" | "preview">;
  try {
    ours = {
      start: well(`starting ${count} services`, await up(options)),
      unchanged: await typical(async () => well(`unchanged up of ${count} services`, await up(options))),
      preview: await typical(async () => well(`preview of ${count} services`, await preview(options))),
    };
  } finally {
    const { ok, errors } = await destroy({ ...options, unprotect: true });
    // Docker can take longer to free a network than the provider waits.
    if (!ok) say(`not removed: ${errors.join("; ")}`);
    rmSync(folder, { recursive: true, force: true });
  }
  say(`${count} services: ${JSON.stringify(ours)}`);
  return { count, ...ours, ...(compose ? { compose: await growCompose(count, compose) } : {}) };
}

async function growCompose(count: number, binary: string): Promise<NonNullable<Growth["compose"]>> {
  const file = composeFile(idleSystem(count, image), {
    project: `${project}-compose`,
    image: () => ({ name: image, local: true }),
    hostPath: (path) => path,
  });
  const stack = new ComposeProject(binary, file, {});
  try {
    return {
      start: secondsOf("compose up", await stack.up()),
      unchanged: await typical(async () => secondsOf("compose up, unchanged", await stack.up())),
      preview: await typical(async () => secondsOf("compose up --dry-run", await stack.up("--dry-run"))),
    };
  } finally {
    await stack.remove();
  }
}

/** Returns the median of a few measurements. */
async function typical(measure: () => Promise<number>): Promise<number> {
  const series: number[] = [];
  while (series.length < shortOnes) series.push(await measure());
  return median(series);
}

function well(what: string, result: RunResult): number {
  if (!result.ok) throw new Error(`${what} failed: ${result.errors.join("\n")}`);
  return result.seconds;
}
