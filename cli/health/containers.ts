import { isLongRunning, type ServiceSpec, type SystemSpec } from "../../config/spec/service.ts";
import { type Container, isWell, serviceOf } from "../../host/docker.ts";
import { describe } from "../ui/diagnose.ts";
import type { Finding } from "../ui/finding.ts";

/** Containers that are not healthy, too few and too many of a service. */
export async function containerFindings(
  stack: string,
  system: SystemSpec | undefined,
  containers: readonly Container[],
): Promise<Finding[]> {
  const unhealthy = containers.filter((c) => !isWell(c));
  const described = await Promise.all(unhealthy.map((c) => describe(stack, c)));
  const counted = (system?.services ?? []).flatMap((service) => {
    const own = containers.filter((c) => serviceOf(c) === service.name);
    return miscounted(stack, service, own.length);
  });
  return [...counted, ...described];
}

function miscounted(stack: string, service: ServiceSpec, count: number): Finding[] {
  const wanted = isLongRunning(service) ? service.replicas : 1;
  if (count === wanted) return [];
  const containers = wanted === 1 ? "1 container" : `${wanted} containers`;
  return [
    {
      service: service.name,
      problem: `${service.name} has ${count} of ${containers}.`,
      evidence: [
        count < wanted
          ? "It was removed, or its deployment failed."
          : "A deployment is running, or was interrupted, or the settings have changed since.",
      ],
      next: `make up STACK=${stack}`,
    },
  ];
}
