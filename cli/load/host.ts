import { availableParallelism, loadavg } from "node:os";
import { dockerEndpoint } from "../../host/docker.ts";
import { isHere } from "../../host/endpoint.ts";

/** What limits a stack whose limits do not. A Docker host that is elsewhere is not measured. */
export function hostText(): string {
  const endpoint = dockerEndpoint();
  const [recent = 0] = loadavg();
  const cpus = availableParallelism();
  if (endpoint && isHere(endpoint) && recent > cpus)
    return `The Docker host is busy: ${recent.toFixed(0)} processes want its ${cpus} CPUs, other programs included. Other limits do not help.`;
  return "More replicas or more workers help, other limits do not.";
}
