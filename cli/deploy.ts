import { requiredImages } from "../components/image-plan.ts";
import { recognisedIn } from "../config/spec/image.ts";
import { declaredNetworks } from "../config/spec/networks.ts";
import { longRunning, type SystemSpec } from "../config/spec/service.ts";
import { fullName } from "../config/spec/stack.ts";
import type { RunResult } from "../engine/index.ts";
import { addressAdvice } from "../host/address-pools.ts";
import { ensureBaseImage } from "../host/base-image.ts";
import { withoutRemoved } from "../host/crash-loops.ts";
import type { Container } from "../host/docker.ts";
import { containersOf, docker, isJob, isWell, serviceOf } from "../host/docker.ts";
import { told } from "../host/finding.ts";
import { project } from "../host/paths.ts";
import { unplacedServices } from "../host/placement.ts";
import { pullImages } from "../host/pull.ts";
import { providerPullAdvice } from "../host/pull-advice.ts";
import { deployerText } from "./backends/deployer.ts";
import { print } from "./command.ts";
import { storesOf } from "./data/store-users.ts";
import { targetsOf } from "./selection.ts";
import type { Session } from "./session.ts";
import { settle } from "./settle.ts";
import { hasSetting } from "./stack-file.ts";
import { imageModeOf } from "./system.ts";
import { diagnose, failedBuilds } from "./ui/diagnose.ts";
import { summary } from "./ui/progress.ts";
import { statusOf, statusText } from "./ui/status.ts";
import { elapsed } from "./ui/text.ts";

/**
 * Prints what will be deployed, builds the base image if images are built from packages, and pulls
 * the images that Docker does not have. The program would pull them too, but without any output.
 */
export async function begin(system: SystemSpec, { stack, progress, deployer }: Session): Promise<void> {
  const source = system.images === "registry" ? "their registries" : "packages";
  progress.line(
    `${system.name} as stack "${stack}" (${system.environment}), deployed by ${deployerText(deployer.name)}`,
  );
  progress.line(`images from ${source} (ragdock:images)`);
  const recognised = recognisedIn(system.services.map(({ image }) => image));
  for (const [image, says] of Object.entries(recognised)) progress.line(`${image}: ${says}`);
  if (system.images === "packages")
    await progress.step("building the base image", () => ensureBaseImage((line) => progress.line(line)));
  // The program knows which registries are left to the provider, even if the setting is encrypted.
  if (hasSetting(stack, "docker:registryAuth")) return;
  const required = requiredImages(system, await imageModeOf(system));
  const say = (line: string): void => progress.line(line);
  await progress.step("pulling images", () =>
    pullImages(required, { except: [], say, images: system.images }),
  );
}

/**
 * Deploys a system or a part of it, waits until all of it is healthy, and reports.
 * @param refresh whether to compare with what really runs, even if nothing is missing
 * @param isPart whether the other services of the stack stay as they are
 * @returns the exit code
 */
export async function deploy(
  system: SystemSpec,
  session: Session,
  { refresh, isPart = false }: { readonly refresh: boolean; readonly isPart?: boolean },
): Promise<number> {
  const { stack } = session;
  const before = await containersOf(stack);
  const look = refresh || (await isAmiss(stack, system, before));
  const replace = await jobsAgain(stack, system, before);
  const mode = await imageModeOf(system);
  const targets = isPart ? targetsOf({ project, stack }, system, mode, before) : undefined;
  const outcome = await session.deployer.up({ refresh: look, replace, targets });
  const names = new Set(system.services.map(({ name }) => name));
  if (outcome.ok)
    await session.progress.step("waiting for health", () => settle(stack, isPart ? names : undefined));
  const isOurs = isPart ? (container: Container): boolean => names.has(serviceOf(container)) : undefined;
  const code = await report(system, session, outcome, isOurs);
  const auth = system.services.find(({ role }) => role === "auth");
  const isNew = auth !== undefined && !before.some((container) => serviceOf(container) === auth.name);
  if (code === 0 && isNew && auth.environment.SIGN_IN_CLIENT_SECRET_FILE === undefined)
    print(`\nAdd the first person who signs in: ./ragdock users add anna --role admin --stack ${stack}`);
  return code;
}

/**
 * Whether a container or a network was stopped or removed by hand. If so, the deployer must read
 * the real resources first.
 */
async function isAmiss(
  stack: string,
  system: SystemSpec,
  containers: readonly Container[],
): Promise<boolean> {
  const networks = new Set((await docker("network", "ls", "--format", "{{.Name}}")).split("\n"));
  const isThere = (part: string): boolean => networks.has(fullName({ project, stack }, part));
  if (!Object.keys(declaredNetworks(system)).every(isThere)) return true;
  const isStopped = ({ State }: Container): boolean => ["exited", "created"].includes(State.Status);
  const running = new Map(longRunning(system.services).map((s) => [s.name, s.replicas]));
  return system.services.some(({ name }) => {
    const own = containers.filter((c) => serviceOf(c) === name);
    return own.length < (running.get(name) ?? 1) || (running.has(name) && own.some(isStopped));
  });
}

/**
 * Jobs that must run again because their work is not done, even if their inputs have not changed.
 */
async function jobsAgain(
  stack: string,
  system: SystemSpec,
  containers: readonly Container[],
): Promise<string[]> {
  const jobs = containers.filter(isJob);
  const failed = jobs.filter((job) => !isWell(job)).map(serviceOf);
  const unplaced = new Set(
    system.target === "swarm" ? await unplacedServices({ project, stack }, system) : [],
  );
  // A volume that was restored or created again does not contain the users of the stack's clients.
  const stores = storesOf(stack, system).filter(({ job }) => jobs.some((c) => serviceOf(c) === job));
  const forgotten = await Promise.all(
    stores.map(async ({ rotation: store, job, users, list }) => {
      const known = await list();
      // On a Swarm, this machine may not know the Docker of the node that the store is on.
      if (known === undefined && system.target === "swarm") return unplaced.has(store) ? [job] : [];
      return users.every((user) => known?.includes(user)) ? [] : [job];
    }),
  );
  return [...new Set([...failed, ...forgotten.flat()])].map((job) => fullName({ project, stack }, job));
}

/** An error without the SDK's list of the inputs that waited for what failed. */
const withoutPath = (error: string): string => error.replace(/^(error serializing property "\w+": )+/, "");

async function report(
  system: SystemSpec,
  { stack, progress }: Session,
  outcome: RunResult,
  isOurs?: (container: Container) => boolean,
): Promise<number> {
  const status = await statusOf(stack, system, false, isOurs);
  const { same: _, read: __, ...changed } = outcome.changes;
  const isRefused = !outcome.ok && Object.values(changed).every((count) => count === 0);
  // If nothing was changed, the table would only push the reason off the screen.
  if (!isRefused) print(`\n${statusText(status)}\n\n${summary(outcome.changes)}`);
  const errors = withoutRemoved(outcome.errors);
  for (const error of errors) print(`\n${withoutPath(error)}`);
  const advice = errors
    .map((error) => addressAdvice(error) ?? providerPullAdvice(error, system.images))
    .find(Boolean);
  if (advice) print(`\n${advice}`);
  if (outcome.ok && status.healthy) {
    print(`Healthy after ${elapsed(progress.seconds())}.`);
    return 0;
  }
  const builds = failedBuilds(stack, system.images, Date.now() - progress.seconds() * 1000);
  const troubles = [...builds, ...(await diagnose(stack)).map(told)];
  for (const trouble of troubles) print(`\n${trouble}`);
  print(
    `\nFailed after ${elapsed(progress.seconds())}. Fix the cause and run the same command again. It continues from here.`,
  );
  return 1;
}
