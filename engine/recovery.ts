import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Deployment } from "./deployment.ts";
import type { PendingOperation, ResourceState } from "./state.ts";
import { nameOf } from "./urn.ts";
import { isSecret, secret } from "./values.ts";

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
// Clocks of the engine's machine and of a remote daemon's need not agree to the second.
const CLOCK_SLACK_MS = 5_000;

/** Picks up what a killed run was in the middle of, so that this one starts from what is really there. */
export async function continueInterrupted(deployment: Deployment): Promise<void> {
  const { store, report } = deployment;
  for (const operation of [...store.state.pending]) {
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
    for (const entry of store.state.resources.filter(
      (e) => e.urn === operation.urn && e.tf && !e.pendingReplacement,
    )) {
      await reread(deployment, entry);
    }
    store.state.pending = store.state.pending.filter((other) => other !== operation);
    store.save();
  }
}

/** Reads one resource; what is gone leaves the state, what changed is compared anew. Returns what was found. */
export async function reread(
  deployment: Deployment,
  entry: ResourceState,
): Promise<"same" | "changed" | "gone"> {
  if (!entry.tf) return "same";
  const { tf } = entry;
  const outcome = await deployment.slot(() => deployment.operations.read(deployment.target(entry), tf));
  if (!outcome.tf) {
    deployment.drop(entry);
    return "gone";
  }
  const changed = JSON.stringify(outcome.tf.state) !== JSON.stringify(tf.state);
  entry.tf = outcome.tf;
  entry.outputs = { ...outcome.outputs, ...keepSecrets(entry, outcome.outputs ?? {}) };
  // Even where nothing changed: a run cut short may have recorded less than it did.
  entry.replan = true;
  deployment.store.save();
  return changed ? "changed" : "same";
}

/** True when the killed run got as far as writing down what it made. */
function isStored({ store }: Deployment, { urn, name }: PendingOperation): boolean {
  const living = store.state.resources.filter((entry) => !entry.pendingDelete && !entry.pendingReplacement);
  return living.some((entry) => entry.urn === urn && entry.tf && (entry.inputs.name ?? undefined) === name);
}

function keepSecrets(entry: ResourceState, outputs: ResourceState["outputs"]): ResourceState["outputs"] {
  const marked = Object.entries(outputs).filter(([key]) => isSecret(entry.outputs[key]));
  return Object.fromEntries(marked.map(([key, value]) => [key, secret(value)]));
}

async function clean(deployment: Deployment, operation: PendingOperation): Promise<string> {
  const { type, name, urn } = operation;
  if (type === VOLUME && name) {
    deployment.store.state.keptNames[urn] = name;
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
  // It may serve already, under a name that leads to it: it ends what it has in hand.
  if (kind === "container") await docker(kind, "stop", name);
  await docker(kind, "rm", name);
  return `removed the half-made ${kind} ${name}`;
}
