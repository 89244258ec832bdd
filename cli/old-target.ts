import type { Target } from "../config/spec/target.ts";
import { type Container, isJob } from "../host/docker.ts";
import { otherTarget, stillRunning } from "../host/old-target.ts";
import { isNewStack } from "./backends/deployer.ts";
import { withDeployer } from "./session.ts";

/** The type that the services of each target have in the state. `down` removes them from it. */
const serviceTypes: Readonly<Record<Target, string>> = {
  engine: "ragdock:core:Service",
  swarm: "ragdock:swarm:Service",
};

/** Docker's label of a container that a Swarm has started. */
const taskLabel = "com.docker.swarm.task.id";

const targetOfContainer = ({ Node, Config }: Container): Target =>
  Node !== undefined || taskLabel in Config.Labels ? "swarm" : "engine";

/**
 * Refuses to deploy a stack to another target while it still runs on the old one, which may be on
 * another Docker host. The old containers would continue to write to the old data.
 * @param containers the stack's own. The state is read only if they are not all on the target.
 */
export async function requireStopped(
  stack: string,
  target: Target,
  containers: readonly Container[],
): Promise<void> {
  const running = containers.filter((container) => !isJob(container)).map(targetOfContainer);
  if (isNewStack(stack) || (running.length > 0 && running.every((one) => one === target))) return;
  const types = await withDeployer(stack, ({ deployer }) => deployer.resourceTypes());
  if (types.has(serviceTypes[otherTarget(target)])) throw stillRunning(stack, target);
}
