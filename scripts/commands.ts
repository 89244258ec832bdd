import { rmSync } from "node:fs";
import { join } from "node:path";
import { fullName } from "../components/names.ts";
import { buildLogs } from "../config/images.ts";
import type { SystemSpec } from "../config/service.ts";
import { type Backend, backend, type Outcome } from "./backend.ts";
import { ensureBaseImage } from "./base-image.ts";
import { type Arguments, type Command, print } from "./command.ts";
import { diagnose, failedBuilds } from "./diagnose.ts";
import { containersOf, docker, isWell, serviceOf } from "./docker.ts";
import { logs, prune, ps, psql, restart, secret, shell } from "./everyday.ts";
import { compose as exportCompose } from "./export.ts";
import { Failure } from "./failure.ts";
import { project, projectDir } from "./place.ts";
import {
  chooseImages,
  requireDisk,
  requireEngine,
  requirePorts,
  requireVolumes,
  systemOf,
} from "./prepare.ts";
import { Progress, planned, summary } from "./progress.ts";
import { ensureStack } from "./stack-file.ts";
import { statusTable } from "./status.ts";
import { elapsed } from "./table.ts";

/** A fresh progress display and the engine that reports to it. */
function open(stack: string) {
  const progress = new Progress(`${project}-${stack}-`);
  return { progress, engine: backend(stack, { event: progress.event, say: (line) => progress.line(line) }) };
}

/** What is looked at before anything is made: the engine, the settings, where images come from. */
async function prepared({ stack, system, environment }: Arguments): Promise<SystemSpec> {
  await requireEngine();
  if (system) ensureStack(stack, system, environment || "dev", print);
  await chooseImages(stack, print);
  return systemOf(stack, print);
}

/** Says what is about to happen, and makes the base of all images where they are built. */
async function begin(stack: string, system: SystemSpec, progress: Progress, engine: Backend): Promise<void> {
  progress.line(`${system.name} as stack "${stack}" (${system.environment}), by ${engineWords(engine.name)}`);
  progress.line(`images from ${imagesWords(system.images)}; ragdock:images in Pulumi.${stack}.yaml decides`);
  if (system.images === "packages") {
    await progress.step("making the base image", () => ensureBaseImage((line) => progress.line(line)));
  }
}

const up: Command = async (args) => {
  const { stack, refresh } = args;
  const system = await prepared(args);
  await Promise.all([requireDisk(), requirePorts(stack, system), requireVolumes(stack, system)]);
  const { progress, engine } = open(stack);
  try {
    await begin(stack, system, progress, engine);
    const outcome = await engine.up({ refresh, replace: await failedJobs(stack) });
    return await report(stack, outcome, progress, system);
  } finally {
    progress.end();
  }
};

/** Jobs that ended badly: their inputs may be as they were, and they have to run again all the same. */
async function failedJobs(stack: string): Promise<string[]> {
  const jobs = (await containersOf(stack)).filter(
    (c) => c.Config.Labels["ragdock.kind"] === "job" && !isWell(c),
  );
  return jobs.map((job) => fullName({ project, stack }, serviceOf(job)));
}

const imagesWords = (source: string): string => (source === "registry" ? "their registries" : "packages");

const engineWords = (name: string): string =>
  name === "pulumi" ? "Pulumi" : "the embedded engine (no pulumi on PATH)";

async function report(
  stack: string,
  outcome: Outcome,
  progress: Progress,
  system: SystemSpec,
): Promise<number> {
  const { text, well } = await statusTable(stack, system, false);
  print(`\n${text}\n`);
  if (outcome.changes) print(summary(outcome.changes));
  for (const error of outcome.errors) print(`\n${error}`);
  if (!outcome.ok || !well) {
    const troubles = [...failedBuilds(Date.now() - progress.seconds() * 1000), ...(await diagnose(stack))];
    for (const trouble of troubles) print(`\n${trouble}`);
    print(
      `\nFailed after ${elapsed(progress.seconds())}. Mend the cause and run the same command again: it goes on from here.`,
    );
    return 1;
  }
  print(`Healthy after ${elapsed(progress.seconds())}.`);
  return 0;
}

const build: Command = async (args) => {
  const system = await prepared(args);
  await requireDisk();
  const { progress, engine } = open(args.stack);
  try {
    await begin(args.stack, system, progress, engine);
    const outcome = await engine.build();
    for (const error of outcome.errors) print(`\n${error}`);
    if (!outcome.ok)
      for (const trouble of failedBuilds(Date.now() - progress.seconds() * 1000)) print(`\n${trouble}`);
    else print(`\nEvery image of ${system.name} is there, after ${elapsed(progress.seconds())}.`);
    return outcome.ok ? 0 : 1;
  } finally {
    progress.end();
  }
};

/** Builds first, so that every image that the file names is there. */
const compose: Command = async (args) => (await build(args)) || exportCompose(args);

const preview: Command = async (args) => {
  const { stack } = args;
  const system = await prepared(args);
  const { progress, engine } = open(stack);
  try {
    if (system.images === "packages" && engine.name === "pulumi")
      await ensureBaseImage((line) => progress.line(line));
    const outcome = await engine.preview();
    for (const error of outcome.errors) print(error);
    if (!outcome.steps || !outcome.changes) return outcome.ok ? 0 : 1;
    const lines = planned(outcome as Required<Outcome>, (name) => progress.shortName(name));
    print(lines.length > 0 ? `\n${lines.join("\n")}\n` : "\nNothing would change.\n");
    return outcome.ok ? 0 : 1;
  } finally {
    progress.end();
  }
};

const down: Command = async ({ stack }) => {
  await requireEngine();
  const { progress, engine } = open(stack);
  try {
    const outcome = await engine.down();
    for (const error of outcome.errors) print(error);
    const volumes = await volumesOf(stack);
    print(
      volumes.length > 0
        ? `\nThe stack is down; its data is kept in ${volumes.join(", ")}.\n` +
            `make up STACK=${stack} finds it again; make destroy-data STACK=${stack} CONFIRM=${stack} deletes it for good.`
        : "\nThe stack is down; it has no data.",
    );
    return outcome.ok ? 0 : 1;
  } finally {
    progress.end();
  }
};

const destroyData: Command = async ({ stack, confirm }) => {
  await requireEngine();
  const volumes = await volumesOf(stack);
  if (confirm !== stack) {
    throw new Failure(
      `This deletes the data of stack "${stack}" for good: ${volumes.join(", ") || "no volumes"}.`,
      `Say so: make destroy-data STACK=${stack} CONFIRM=${stack}`,
    );
  }
  const { progress, engine } = open(stack);
  try {
    const outcome = await engine.forget();
    for (const error of outcome.errors) print(error);
    if (!outcome.ok) return 1;
    if (volumes.length > 0) await docker("volume", "rm", ...volumes);
    print(`Deleted: ${volumes.join(", ") || "nothing was left"}.`);
    return 0;
  } finally {
    progress.end();
  }
};

async function volumesOf(stack: string): Promise<string[]> {
  const filters = [`label=ragdock.project=${project}`, `label=ragdock.stack=${stack}`].flatMap((f) => [
    "--filter",
    f,
  ]);
  return (await docker("volume", "ls", "-q", ...filters)).split("\n").filter(Boolean);
}

const outputs: Command = async ({ stack, showSecrets }) => {
  const { progress, engine } = open(stack);
  progress.end();
  print(JSON.stringify(await engine.outputs(showSecrets), null, 2));
  return 0;
};

const status: Command = async ({ stack }) => {
  await requireEngine();
  const { text, well } = await statusTable(stack, systemOf(stack, print), true);
  print(text);
  return well ? 0 : 1;
};

const health: Command = async ({ stack }) => {
  await requireEngine();
  const troubles = await diagnose(stack);
  const all = await containersOf(stack);
  if (all.length === 0)
    throw new Failure(`Stack "${stack}" does not run.`, `Start it: make up STACK=${stack}`);
  print(
    troubles.length > 0 ? troubles.join("\n\n") : `All ${all.filter(isWell).length} containers are well.`,
  );
  return troubles.length > 0 ? 1 : 0;
};

/** Takes the stack down and removes what was built for it; data stays. */
const clean: Command = async (args) => {
  const code = await down(args);
  if (code !== 0) return code;
  rmSync(join(projectDir, buildLogs), { recursive: true, force: true });
  return prune(args);
};

/** Every command, by the name that `make` gives it. */
export const commands: Readonly<Record<string, Command>> = {
  up,
  preview,
  build,
  compose,
  down,
  clean,
  "destroy-data": destroyData,
  outputs,
  status,
  health,
  ps,
  logs,
  restart,
  shell,
  psql,
  secret,
  prune,
};
