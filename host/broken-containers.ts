import type { SystemSpec } from "../config/spec/service.ts";
import { fullName, replacesLabel, type StackName } from "../config/spec/stack.ts";
import { isCrashing } from "./crash-loops.ts";
import { type Container, isJob, serviceOf } from "./docker.ts";

/** Seconds of failed checks after which a container is assumed not to recover by itself. */
const patience = 300;

/**
 * Returns the ids of the containers that a deployment replaces even if their settings are the same,
 * by the name of their resource. These are:
 *
 * - containers that were disconnected from a network of their service. A refresh does not notice
 *   this.
 * - stateless containers that are unhealthy while their predecessor still exists. They were never
 *   healthy. After a refresh, this is no longer known (pulumi/pulumi#17949), and the gateway would
 *   send requests to them.
 * - stateless containers that have been unhealthy for five minutes.
 * - stateless containers that crash again and again.
 *
 * Other unhealthy containers may recover: `make up` waits for them. A successor keeps the id of the
 * container that it replaced as a label. Otherwise the next deployment would replace it again.
 * @param containers the stack's containers, the oldest first
 */
export function brokenContainers(
  stack: StackName,
  { services }: SystemSpec,
  containers: readonly Container[],
): Readonly<Record<string, string>> {
  const networks = new Map(services.map((s) => [s.name, s.networks.map((n) => fullName(stack, n))]));
  const byResource = Map.groupBy(
    containers.filter((c) => !isJob(c)),
    resourceName,
  );
  return Object.fromEntries(
    [...byResource].flatMap(([name, all]) => {
      const newest = all.at(-1) as Container;
      const isBroken =
        isDisconnected(newest, networks.get(serviceOf(newest)) ?? []) || isLost(newest, all.length > 1);
      const replaced = isBroken ? newest.Id : newest.Config.Labels[replacesLabel];
      return replaced ? [[name, replaced]] : [];
    }),
  );
}

const isDisconnected = ({ NetworkSettings }: Container, networks: readonly string[]): boolean =>
  networks.some((network) => !(network in NetworkSettings.Networks));

function isLost(container: Container, hasPredecessor: boolean): boolean {
  const { Config, State } = container;
  if (Config.Labels["ragdock.kind"] !== "stateless") return false;
  if (isCrashing(container)) return true;
  const { Health } = State;
  if (Health?.Status !== "unhealthy") return false;
  const failing = (Health.FailingStreak * (Config.Healthcheck?.Interval ?? 0)) / 1e9;
  return hasPredecessor || failing >= patience;
}

/** The name of a container without the suffix that the deployer adds to a resource's name. */
export const resourceName = ({ Name }: Container): string =>
  Name.replace(/^\//, "").replace(/-[0-9a-f]{7}$/, "");
