import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { nameOf } from "../pulumi/urn.ts";
import { isSecret, secret } from "../pulumi/values.ts";
import type { Deployment } from "./deployment.ts";
import type { PendingOperation, ResourceState } from "./model.ts";

const run = promisify(execFile);

// Docker objects that a creation cut short leaves behind under their name, and that hold no data.
const REMOVABLE: Readonly<Record<string, string>> = {
  "docker:index/container:Container": "container",
  "docker:index/network:Network": "network",
  "docker:index/secret:Secret": "secret",
  "docker:index/serviceConfig:ServiceConfig": "config",
  "docker:index/service:Service": "service",
};
const VOLUME = "docker:index/volume:Volume";
// The clocks of this machine and of a remote Docker host may differ by seconds.
const CLOCK_SLACK_MS = 5_000;

/** Picks up what a killed run was in the middle of, so that this one starts from what is really there. */
export async function continueInterrupted(deployment: Deployment): Promise<void> {
  const { store, report } = deployment;
  for (const [number, operation] of store.pending) {
    const name = nameOf(operation.urn);
    if (operation.op === "create" && !isStored(deployment, operation)) {
      report.note(
        `an earlier run was killed while it created "${name}": ${await clean(deployment, operation)}`,
      );
    } else {
      report.note(
        `an earlier run was killed in the middle of a change to "${name}": reading what is there now`,
      );
    }
    const entries = store.resources.all().filter((entry) => entry.urn === operation.urn);
    for (const entry of entries) await reread(deployment, entry);
    store.end(number);
    await store.flush();
  }
}

/** Reads one resource; what is gone leaves the state, what changed is compared again. Returns what was found. */
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
  // Even where nothing changed: an interrupted run may have recorded less than it did.
  entry.replan = true;
  deployment.store.resources.touch(entry);
  await deployment.store.flush();
  return changed ? "changed" : "same";
}

/** True when the killed run got as far as writing down what it made. */
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
    return "its volume is adopted, if it was made";
  }
  const kind = REMOVABLE[type];
  if (!kind || !name) return "nothing to clean up";
  const host = deployment.providerInputs(operation.provider)?.host ?? deployment.options.dockerHost;
  const docker = (...args: string[]) =>
    run("docker", [...(typeof host === "string" ? ["-H", host] : []), ...args]);
  const found = await docker(kind, "inspect", name, "--format", "{{json .}}").catch(() => undefined);
  if (!found) return "nothing of it is there";
  const details = JSON.parse(found.stdout) as { Created?: string; CreatedAt?: string };
  const created = Date.parse(details.Created ?? details.CreatedAt ?? "");
  if (!(created >= operation.started - CLOCK_SLACK_MS)) {
    return `the ${kind} ${name} is older than that run and not its own: left alone`;
  }
  // It may serve requests already: `stop` lets it finish them.
  if (kind === "container") await docker(kind, "stop", name);
  await docker(kind, "rm", name);
  return `removed the half-made ${kind} ${name}`;
}
