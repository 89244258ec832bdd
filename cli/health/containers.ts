import { isLongRunning, type ServiceSpec, type SystemSpec } from "../../config/spec/service.ts";
import { isOnEachNode } from "../../config/spec/swarm.ts";
import { type Container, serviceOf } from "../../host/docker.ts";
import type { Finding } from "../../host/finding.ts";

/** The services that have too few or too many containers. */
export const countFindings = (
  stack: string,
  { services, target }: SystemSpec,
  containers: readonly Container[],
): Finding[] =>
  services.flatMap((service) => {
    const count = containers.filter((c) => serviceOf(c) === service.name).length;
    const least = isLongRunning(service) ? service.replicas : 1;
    const wanted = target === "swarm" && isOnEachNode(service) ? Math.max(least, count) : least;
    return count === wanted ? [] : [findingOf(stack, service, count, wanted)];
  });

const findingOf = (stack: string, { name }: ServiceSpec, count: number, wanted: number): Finding => ({
  service: name,
  ...(count < wanted
    ? {
        problem: `${name} has ${count} of ${wanted} ${wanted === 1 ? "container" : "containers"}.`,
        evidence: ["It was removed, or its deployment failed."],
      }
    : {
        problem: `${name} has ${count} containers instead of ${wanted}.`,
        evidence: ["A deployment is running, or was interrupted."],
      }),
  next: `make up STACK=${stack}`,
});
