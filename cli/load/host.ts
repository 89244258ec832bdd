import { availableParallelism, loadavg } from "node:os";
import { dockerEndpoint } from "../../host/docker.ts";
import { isHere } from "../../host/endpoint.ts";

/**
 * Describes what limits a stack if no container limit does. A remote Docker host is not measured.
 */
export function hostText(): string {
  const endpoint = dockerEndpoint();
  const [recent = 0] = loadavg();
  const cpus = availableParallelism();
  if (endpoint && isHere(endpoint) && recent > cpus)
    return `The Docker host is busy: ${recent.toFixed(0)} processes compete for its ${cpus} CPUs, including other programs. Raising limits does not help.`;
  return "More replicas or more workers help. Raising limits does not.";
}
