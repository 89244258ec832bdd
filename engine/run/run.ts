import type { Log } from "../pulumi/log.ts";
import { Monitor } from "../pulumi/monitor.ts";
import { Program } from "../pulumi/program.ts";
import { STACK_TYPE } from "../pulumi/urn.ts";
import { holdsSecret, mask, type Properties } from "../pulumi/values.ts";
import { ProviderPool } from "../terraform/pool.ts";
import { deleteEntries, leftovers } from "./deletion.ts";
import { Deployment } from "./deployment.ts";
import { Lock } from "./lock.ts";
import type { ResourceState } from "./model.ts";
import { continueInterrupted } from "./recovery.ts";
import { refreshAll } from "./refresh.ts";
import { register } from "./register.ts";
import { Report } from "./report.ts";
import { dependenciesOf } from "./resources.ts";
import { StateStore, statePath } from "./state.ts";
import { mayDelete } from "./targets.ts";
import type { DestroyOptions, EngineOptions, RunResult } from "./types.ts";

const DEFAULT_PARALLEL = 16;

/** Runs the program and changes its stack. A dry run only reports the changes. */
export function deploy(options: EngineOptions, dryRun: boolean): Promise<RunResult> {
  return withDeployment(options, dryRun, async (opening, stopped, report) => {
    const ready = opening.then(async (deployment) => {
      if (options.refresh) await refreshAll(deployment, stopped);
      return deployment;
    });
    await runProgram(options, dryRun, ready, stopped, report);
    const deployment = await ready;
    if (stopped())
      deployment.report.errors.push("the run was interrupted: run the same command again to continue");
    if (deployment.report.errors.length === 0) await tidyUp(deployment, stopped);
    return stackOutputs(deployment);
  });
}

/** Returns the stack's outputs of the last run that set them. */
const stackOutputs = ({ store }: Deployment): Properties =>
  store.resources.all().find((entry) => entry.type === STACK_TYPE)?.outputs ?? {};

/** Deletes all resources of the state. */
export function teardown(options: DestroyOptions): Promise<RunResult> {
  return withDeployment(options, false, async (opening, stopped) => {
    const deployment = await opening;
    if (options.refresh) await refreshAll(deployment, stopped);
    const resources = deployment.store.resources.all();
    const guarded = resources.filter((entry) => entry.protect && !entry.pendingDelete && !options.unprotect);
    const kept = options.excludeProtected ? withDependencies(resources, guarded) : new Set<ResourceState>();
    if (guarded.length > 0 && !options.excludeProtected) {
      for (const entry of guarded) deployment.report.failed(entry.urn, "delete", PROTECTED);
      return {};
    }
    const going = resources.filter((entry) => !kept.has(entry));
    await deleteEntries(deployment, going, "forget", stopped);
    if (stopped())
      deployment.report.errors.push("the run was interrupted: run the same command again to continue");
    return {};
  });
}

const PROTECTED =
  "is protected, so nothing was deleted: remove `protect` from the program and run it, or keep protected resources";

async function withDeployment(
  options: EngineOptions,
  dryRun: boolean,
  body: (opening: Promise<Deployment>, stopped: () => boolean, report: Report) => Promise<Properties>,
): Promise<RunResult> {
  const report = new Report(options.onEvent);
  const path = statePath(options);
  // A preview changes nothing, so it takes no lock.
  const lock = dryRun ? undefined : Lock.take(`${path}.lock`, (message) => report.note(message));
  const interruption = listen(options.signal, report);
  const pool = new ProviderPool({
    cwd: options.projectDir,
    env: options.env,
    config: options.config,
    note: (message) => report.note(message),
    warn: (message) => report.log("warning", message),
    started: (pid) => lock?.addProvider(pid),
  });
  const opened = StateStore.open(path, options.passphrase, !dryRun);
  const open = async (): Promise<Deployment> => {
    const store = await opened;
    const parallel = options.parallel ?? DEFAULT_PARALLEL;
    const dockerHost = options.config["docker:host"];
    const deployment = new Deployment({ ...options, dryRun, parallel, dockerHost }, store, pool, report);
    if (!dryRun) await continueInterrupted(deployment);
    return deployment;
  };
  const opening = open();
  try {
    const outputs = await body(opening, interruption.stopped, report);
    await (await opened).close();
    const secrets = Object.keys(outputs).filter((key) => holdsSecret(outputs[key]));
    return report.result(mask(outputs) as Record<string, unknown>, secrets);
  } catch (error) {
    await Promise.allSettled([opening]);
    // The first error is the one to report. The journal keeps changes that could not be written.
    await opened.then((store) => store.close()).catch(() => undefined);
    throw error;
  } finally {
    interruption.forget();
    await pool.stop();
    lock?.release();
  }
}

/**
 * Starts the program early, because it takes seconds to load. Its registrations wait until the
 * deployment is `ready`.
 */
async function runProgram(
  options: EngineOptions,
  dryRun: boolean,
  ready: Promise<Deployment>,
  stopped: () => boolean,
  report: Report,
): Promise<void> {
  const log: Log = (...message) => report.log(...message);
  let ofStack: { readonly urn: string; readonly outputs: Properties } | undefined;
  const monitor = await Monitor.start({
    project: options.project,
    stack: options.stack,
    dryRun,
    log,
    stopped,
    register: async (registration) => register(await ready, registration),
    readOutputs: async () => stackOutputs(await ready),
    setOutputs: async (urn, outputs) => {
      const { store } = await ready;
      if (store.resources.find(urn)?.type === STACK_TYPE) ofStack = { urn, outputs };
      // A component has outputs of resources that this run may leave out.
      else if (!options.targets) setOutputs(store, urn, outputs);
    },
  });
  try {
    const parallel = options.parallel ?? DEFAULT_PARALLEL;
    const program = Program.start(options, monitor.address, dryRun, parallel, log);
    await ready.catch((error: unknown) => {
      program.kill();
      throw error;
    });
    const failure = await program.ended();
    await monitor.idle();
    if (failure && report.errors.length === 0 && !stopped()) report.log("error", failure);
    if (ofStack) {
      const { store } = await ready;
      // If the program failed, the SDK sends no outputs or only some. The outputs of the last
      // successful run are kept.
      const failed = failure !== undefined || report.errors.length > 0 || stopped();
      const earlier = failed ? store.resources.find(ofStack.urn)?.outputs : {};
      setOutputs(store, ofStack.urn, { ...earlier, ...ofStack.outputs });
    }
  } finally {
    monitor.stop();
  }
}

function setOutputs({ resources }: StateStore, urn: string, outputs: Properties): void {
  const entry = resources.find(urn);
  if (entry) resources.keep({ ...entry, outputs }, entry);
}

async function tidyUp(deployment: Deployment, stopped: () => boolean): Promise<void> {
  const { targets } = deployment.options;
  const going = leftovers(deployment).filter((entry) => mayDelete(targets, entry));
  const guarded = going.filter((entry) => entry.protect && !entry.pendingDelete);
  for (const entry of guarded) {
    const why =
      "is protected, but no longer in the program: nothing was deleted. Put the resource back, or remove its protection first";
    deployment.report.failed(entry.urn, "delete", why);
  }
  if (guarded.length === 0) await deleteEntries(deployment, going, "forget", stopped);
}

/** Returns the given entries and all their dependencies. */
function withDependencies(all: readonly ResourceState[], from: readonly ResourceState[]): Set<ResourceState> {
  const byUrn = new Map(all.filter((entry) => !entry.pendingDelete).map((entry) => [entry.urn, entry]));
  const kept = new Set(from);
  for (const entry of kept) {
    for (const urn of dependenciesOf(entry)) {
      const other = byUrn.get(urn);
      // The loop over `kept` visits this entry too.
      if (other) kept.add(other);
    }
  }
  return kept;
}

function listen(
  signal: AbortSignal | undefined,
  report: Report,
): { stopped: () => boolean; forget: () => void } {
  let stopped = signal?.aborted ?? false;
  const stop = () => {
    if (!stopped) report.note("Interrupted. Running operations are completed, and no new operation starts.");
    stopped = true;
  };
  if (signal) {
    signal.addEventListener("abort", stop);
    return { stopped: () => stopped, forget: () => signal.removeEventListener("abort", stop) };
  }
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const name of signals) process.on(name, stop);
  const forget = () => {
    for (const name of signals) process.off(name, stop);
  };
  return { stopped: () => stopped, forget };
}

/** Reads the entries of the state. */
export async function readEntries(options: EngineOptions): Promise<ResourceState[]> {
  return (await StateStore.open(statePath(options), options.passphrase, false)).resources.all();
}
