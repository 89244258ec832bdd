import { fullName } from "../../components/names.ts";
import { clientUser } from "../../config/spec/secrets.ts";
import { isLongRunning, type SystemSpec } from "../../config/spec/service.ts";
import { ensureBaseImage } from "../../host/base-image.ts";
import { requirePostgresVersion } from "../../host/data-version.ts";
import { type Container, containersOf, docker, isWell, serviceOf } from "../../host/docker.ts";
import { project } from "../../host/paths.ts";
import { type Deployer, type Outcome, openDeployer } from "../backends/index.ts";
import { type Arguments, type Command, print } from "../command.ts";
import { type Crashed, givingUpOnCrashes } from "../crash-loops.ts";
import { reportBackups } from "../data/report.ts";
import { storesOf } from "../data/store-users.ts";
import { recordDeployment } from "../deployments.ts";
import {
  chooseImages,
  requireDisk,
  requireDocker,
  requirePorts,
  requireVolumes,
  systemOf,
} from "../preflight/index.ts";
import { recordVolumes, requireKnownVolumes } from "../preflight/volumes.ts";
import { ensureStack, generationOf } from "../stack-file.ts";
import { diagnose, failedBuilds } from "../ui/diagnose.ts";
import { Progress, planned, summary } from "../ui/progress.ts";
import { statusTable } from "../ui/status.ts";
import { elapsed } from "../ui/table.ts";

/** A fresh progress display and the engine that reports to it. */
export function open(stack: string) {
  const progress = new Progress(`${project}-${stack}-`);
  return {
    progress,
    engine: openDeployer(stack, { event: progress.event, say: (line) => progress.line(line) }),
  };
}

/** What is looked at before anything is made: the engine, the settings, where images come from. */
async function prepared({ stack, system, environment }: Arguments): Promise<SystemSpec> {
  await requireDocker();
  ensureStack(stack, system, environment, print);
  await chooseImages(stack, print);
  return systemOf(stack, print);
}

/** Says what is about to happen, and makes the base of all images where they are built. */
async function begin(stack: string, system: SystemSpec, progress: Progress, engine: Deployer): Promise<void> {
  progress.line(`${system.name} as stack "${stack}" (${system.environment}), by ${engineWords(engine.name)}`);
  progress.line(`images from ${imagesWords(system.images)}; ragdock:images in Pulumi.${stack}.yaml decides`);
  if (system.images === "packages") {
    await progress.step("making the base image", () => ensureBaseImage((line) => progress.line(line)));
  }
}

export const up: Command = async (args) => {
  const { stack, refresh, confirm } = args;
  const system = await prepared(args);
  const before = await containersOf(stack);
  const [again] = await inOrder([
    jobsAgain(stack, system, before),
    requirePostgresVersion(stack, system),
    requireKnownVolumes(stack, system, confirm),
    requireDisk(),
    requirePorts(stack, system, before),
    requireVolumes(stack, system),
  ]);
  const { progress, engine } = open(stack);
  try {
    await begin(stack, system, progress, engine);
    const look = refresh || confirm === stack || (await isAmiss(stack, system, before));
    const { outcome, crashed } = await givingUpOnCrashes(stack, before, () =>
      engine.up({ refresh: look, replace: look ? [...again, ...neverHealthy(before)] : again }),
    );
    const code = await report(stack, outcome, progress, system, crashed);
    if (code === 0) {
      recordDeployment(stack, system);
      await Promise.all([recordVolumes(stack, system), reportBackups(stack)]);
    }
    return code;
  } finally {
    progress.end();
  }
};

/** Whether a container or network of the stack was stopped or removed behind its back: the engine has to look before it compares. */
async function isAmiss(
  stack: string,
  system: SystemSpec,
  containers: readonly Container[],
): Promise<boolean> {
  const networks = new Set((await docker("network", "ls", "--format", "{{.Name}}")).split("\n"));
  if (Object.keys(system.networks).some((part) => !networks.has(fullName({ project, stack }, part))))
    return true;
  return system.services.some((service) => {
    const own = containers.filter((c) => serviceOf(c) === service.name);
    const wanted = isLongRunning(service) ? service.replicas : 1;
    const still = (c: Container): boolean => c.State.Status === "exited" || c.State.Status === "created";
    return own.length < wanted || (isLongRunning(service) && own.some(still));
  });
}

/** Resources that Pulumi would take for good: it forgets that one never got healthy when it looks at what is there (pulumi#17949). */
const neverHealthy = (containers: readonly Container[]): string[] =>
  containers
    .filter((c) => c.Config.Labels["ragdock.kind"] === "stateless" && c.State.Health?.Status === "unhealthy")
    // The engine's own addition to a resource's name.
    .map(({ Name }) => Name.replace(/^\//, "").replace(/-[0-9a-f]{7}$/, ""));

/** Waits for all of these, which run side by side; of several that fail it throws the first in the list. */
async function inOrder<T extends readonly unknown[] | []>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

/** Jobs whose inputs may be as they were, and that have to run again all the same: their work is not done. */
async function jobsAgain(
  stack: string,
  system: SystemSpec,
  containers: readonly Container[],
): Promise<string[]> {
  const jobs = containers.filter((c) => c.Config.Labels["ragdock.kind"] === "job");
  const failed = jobs.filter((job) => !isWell(job)).map(serviceOf);
  // A volume that was put back or made anew knows nothing of the clients that it has now.
  const stores = storesOf(stack, system).filter(({ job }) => jobs.some((c) => serviceOf(c) === job));
  const forgotten = await Promise.all(
    stores.map(async ({ rotation, job, list }) =>
      (await list())?.includes(clientUser(generationOf(stack, rotation))) ? [] : [job],
    ),
  );
  return [...new Set([...failed, ...forgotten.flat()])].map((job) => fullName({ project, stack }, job));
}

const imagesWords = (source: string): string => (source === "registry" ? "their registries" : "packages");

const engineWords = (name: string): string =>
  name === "pulumi" ? "Pulumi" : "the embedded engine (no pulumi on PATH)";

/** An error without the places in which the SDK met it: one for each input that waited for what failed. */
const ownWords = (error: string): string => error.replace(/^(error serializing property "\w+": )+/, "");

async function report(
  stack: string,
  outcome: Outcome,
  progress: Progress,
  system: SystemSpec,
  crashed: readonly Crashed[],
): Promise<number> {
  const { text, well } = await statusTable(stack, system, false);
  print(`\n${text}\n`);
  if (outcome.changes) print(summary(outcome.changes));
  const untold = outcome.errors.filter((error) => !crashed.some(({ id }) => error.includes(id)));
  for (const error of untold) print(`\n${ownWords(error)}`);
  if (!outcome.ok || !well) {
    const builds = failedBuilds(Date.now() - progress.seconds() * 1000);
    const troubles = [...builds, ...crashed.map(({ told }) => told), ...(await diagnose(stack))];
    for (const trouble of troubles) print(`\n${trouble}`);
    print(
      `\nFailed after ${elapsed(progress.seconds())}. Mend the cause and run the same command again: it goes on from here.`,
    );
    return 1;
  }
  print(`Healthy after ${elapsed(progress.seconds())}.`);
  return 0;
}

export const build: Command = async (args) => {
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

export const preview: Command = async (args) => {
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

/** Compares what runs with what the program describes; ends with 1 where they differ. */
export const drift: Command = async ({ stack }) => {
  await requireDocker();
  const system = systemOf(stack, print);
  const { progress, engine } = open(stack);
  try {
    const outcome = await engine.preview({ refresh: true });
    for (const error of outcome.errors) print(error);
    const stopped = (await containersOf(stack)).filter((c) => !isWell(c));
    const lines = [
      ...(outcome.steps ? planned(outcome as Required<Outcome>, (name) => progress.shortName(name)) : []),
      ...stopped.map((c) => `! container ${serviceOf(c)}: ${c.State.Health?.Status ?? c.State.Status}`),
    ];
    if (outcome.ok && lines.length === 0) {
      print(`Everything that runs is as ${system.name} describes it.`);
      return 0;
    }
    if (lines.length > 0) {
      print(`\nWhat runs differs from what is described:\n${lines.join("\n")}\n`);
      print(`make up STACK=${stack} REFRESH=1 mends it, and touches no data.`);
    }
    return 1;
  } finally {
    progress.end();
  }
};
