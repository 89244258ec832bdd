import { Failure } from "../config/spec/failure.ts";
import { removeCommand, setCommand, toRun } from "../config/spec/message.ts";
import { type Target, targetText } from "../config/spec/target.ts";
import { docker, stackFilters } from "./docker.ts";

/** The driver of a stack's networks on each target. */
const driver: Readonly<Record<Target, string>> = { engine: "bridge", swarm: "overlay" };

/** The target that is not this one. */
export const otherTarget = (target: Target): Target => (target === "swarm" ? "engine" : "swarm");

/**
 * Refuses to deploy a stack to another target while this Docker host still runs it on the old one.
 * Two servers would write to the same volume. A stack has networks until `down` removes it, so they
 * show where it runs. This does not find a stack that runs on another Docker host.
 */
export async function requireOldTargetStopped(stack: string, target: Target): Promise<void> {
  const old = otherTarget(target);
  const networks = await docker("network", "ls", ...stackFilters(stack), "--format", "{{.Driver}}");
  if (networks.split("\n").includes(driver[old])) throw stillRunning(stack, target);
}

/** The refusal of a target, with the commands that stop the stack on the old one. */
export function stillRunning(stack: string, target: Target): Failure {
  const old = otherTarget(target);
  const back = old === "swarm" ? setCommand("target", "swarm") : removeCommand("target");
  return new Failure(
    `ragdock:target selects ${targetText(target)}, and stack "${stack}" still runs on ${targetText(old)}. Nothing was changed.`,
    `Stop it first, with the old target and its docker:host. ${toRun}${back}\n` +
      `  make backup STACK=${stack}\n  make down STACK=${stack}\n` +
      "Then select the new target again: docs/guide/several-machines.md#from-one-machine-to-three",
  );
}
