import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { nameOf } from "../pulumi/urn.ts";
import { isSecret, secret } from "../pulumi/values.ts";
import type { Deployment } from "./deployment.ts";
import type { PendingOperation, ResourceState } from "./model.ts";

const run = promisify(execFile);

// Docker objects without data that an interrupted creation can leave behind under their name.
const REMOVABLE: Readonly<Record<string, string>> = {
  "docker:index/container:Container": "container",
  "docker:index/network:Network": "network",
  "docker:index/secret:Secret": "secret",
  "docker:index/serviceConfig:ServiceConfig": "config",
  "docker:index/service:Service": "service",
};
const VOLUME = "docker:index/volume:Volume";
// The clocks of this machine and of a remote Docker host may differ by some seconds.
const CLOCK_SLACK_MS = 5_000;

/**
 * Resolves the unfinished operations of a killed run, so that the state matches the real resources.
 */
export async function continueInterrupted(deployment: Deployment): Promise<void> {
  const { store, report } = deployment;
  for (const [number, operation] of store.pending) {
    const name = nameOf(operation.urn);
    if (operation.op === "create" && !isStored(deployment, operation)) {
      report.note(
        `An earlier run was killed while it created "${name}". ${await clean(deployment, operation)}.`,
      );
    } else {
      report.note(`An earlier run was killed while it changed "${name}". Reading its current state.`);
    }
    const entries = store.resources.all().filter((entry) => entry.urn === operation.urn);
    for (const entry of entries) await reread(deployment, entry);
    store.end(number);
    await store.flush();
  }
}

/**
 * Reads one resource. Removes it from the state if it is gone. Otherwise marks it, so that the run
 * asks the provider for a plan.
 */
export async function reread(
  deployment: Deployment,
  entry: ResourceState,
): Promise<"same" | "changed" | "gone"> {
  const { tf } = entry;
  if (!tf || entry.pendingReplacement) return "same";
  const outcome = await deployment.slot(() => deployment.operations.read(deployment.target(entry), tf));
  if (!outcome.tf) {
    deployment.store.resources.drop(entry);
    await deployment.store.flush();
    return "gone";
  }
  const changed = JSON.stringify(outcome.tf.state) !== JSON.stringify(tf.state);
  entry.tf = outcome.tf;
  entry.outputs = { ...outcome.outputs, ...keepSecrets(entry, outcome.outputs ?? {}) };
  // The plan is also needed without a change, because an interrupted run may have recorded only a
  // part of its work.
  entry.replan = true;
  deployment.store.resources.touch(entry);
  await deployment.store.flush();
  return changed ? "changed" : "same";
}

/** Whether the killed run recorded the resource that it created. */
function isStored({ store }: Deployment, { urn, name }: PendingOperation): boolean {
  const entry = store.resources.find(urn);
  if (!entry?.tf || entry.pendingReplacement) return false;
  return (entry.inputs.name ?? undefined) === name;
}

function keepSecrets(entry: ResourceState, outputs: ResourceState["outputs"]): ResourceState["outputs"] {
  const marked = Object.entries(outputs).filter(([key]) => isSecret(entry.outputs[key]));
  return Object.fromEntries(marked.map(([key, value]) => [key, secret(value)]));
}

async function clean(deployment: Deployment, operation: PendingOperation): Promise<string> {
  const { type, name, urn } = operation;
  if (type === VOLUME && name) {
    deployment.store.keepName(urn, name);
    return "If its volume exists, this run adopts it";
  }
  const kind = REMOVABLE[type];
  if (!kind || !name) return "There is nothing to clean up";
  const host = deployment.providerInputs(operation.provider)?.host ?? deployment.options.dockerHost;
  const docker = (...args: string[]) =>
    run("docker", [...(typeof host === "string" ? ["-H", host] : []), ...args], {
      env: deployment.options.env ?? process.env,
    });
  const found = await docker(kind, "inspect", name, "--format", "{{json .}}").catch(() => undefined);
  if (!found) return "It left nothing behind";
  const details = JSON.parse(found.stdout) as { Created?: string; CreatedAt?: string };
  const created = Date.parse(details.Created ?? details.CreatedAt ?? "");
  if (!(created >= operation.started - CLOCK_SLACK_MS)) {
    return `Kept the ${kind} ${name}, which is older than that run`;
  }
  // The container may serve requests already. `stop` lets the container finish them.
  if (kind === "container") await docker(kind, "stop", name);
  await docker(kind, "rm", name);
  return `Removed the incomplete ${kind} ${name}`;
}
