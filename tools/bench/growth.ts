import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeFile } from "../../cli/compose.ts";
import { destroy, type EngineOptions, preview, type RunResult, up } from "../../engine/index.ts";
import { docker } from "../../host/docker.ts";
import { projectDir } from "../../host/paths.ts";
import { ComposeProject } from "./compose-tool.ts";
import { idleSystem } from "./idle.ts";
import { median, say, shell } from "./measure.ts";

const project = "ragdockbench";
const image = "ragdock-bench-idle:1";

/** The number of measurements of short commands, whose times vary most. */
const repeated = 3;

/** The seconds of commands with a number of idle services. */
interface Times {
  readonly start: number;
  readonly unchanged: number;
  readonly preview: number;
}

/** The times for a number of idle services, with each tool. */
export interface Growth extends Times {
  readonly count: number;
  readonly compose?: Times;
}

/** Imports a tiny image with a static BusyBox. */
export async function makeIdleImage(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ragdock-bench-busybox-"));
  const script = `
    apt-get download -qq busybox-static
    dpkg-deb -x ./*.deb root
    mkdir -p root/bin
    for applet in date rm sh sleep timeout true; do ln -s busybox "root/bin/$applet"; done
    tar -c -C root bin | docker import - ${image}`;
  await shell("making the idle image", script, folder).finally(() => rmSync(folder, { recursive: true }));
}

/** Removes the tiny image, and containers that a failed run left behind. */
export async function removeIdleImage(): Promise<void> {
  const left = await docker("ps", "-aq", "--filter", `label=ragdock.project=${project}`);
  for (const id of left.split("\n").filter(Boolean)) await docker("rm", "-f", id);
  await docker("image", "rm", image);
}

/** Measures `count` idle services, and again with Compose if it is given. */
export async function grow(count: number, compose: string | undefined): Promise<Growth> {
  const ours = await growOurs(count);
  say(`${count} services: ${JSON.stringify(ours)}`);
  return { count, ...ours, ...(compose ? { compose: await growCompose(count, compose) } : {}) };
}

async function growOurs(count: number): Promise<Times> {
  const folder = mkdtempSync(join(tmpdir(), "ragdock-bench-idle-"));
  const options = {
    projectDir,
    program: "tests/bench-programs/idle.ts",
    project,
    stack: `idle${count}`,
    stateDir: folder,
    passphrase: randomBytes(16).toString("hex"),
    config: { count: String(count), image },
  };
  const timed = (run: (options: EngineOptions) => Promise<RunResult>) => async (): Promise<number> => {
    const { ok, errors, seconds } = await run(options);
    if (!ok) throw new Error(`${count} services: ${errors.join("\n")}`);
    return seconds;
  };
  try {
    return await times(timed(up), timed(preview));
  } finally {
    const { ok, errors } = await destroy({ ...options, unprotect: true });
    // Docker can take longer to free a network than the provider waits.
    if (!ok) say(`not removed: ${errors.join("; ")}`);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function growCompose(count: number, binary: string): Promise<Times> {
  const stack = new ComposeProject(binary);
  stack.write(
    composeFile(idleSystem(count, image), {
      project: `${project}-compose`,
      image: () => ({ name: image, local: true }),
      hostPath: (path) => path,
    }),
  );
  try {
    return await times(
      async () => (await stack.up()).seconds,
      async () => (await stack.up("--dry-run")).seconds,
    );
  } finally {
    await stack.remove();
  }
}

async function times(up: () => Promise<number>, preview: () => Promise<number>): Promise<Times> {
  return { start: await up(), unchanged: await typical(up), preview: await typical(preview) };
}

/** Returns the median of a few measurements. */
async function typical(measure: () => Promise<number>): Promise<number> {
  const series: number[] = [];
  while (series.length < repeated) series.push(await measure());
  return median(series);
}
