import { callsHost } from "../spec/host-gateway.ts";
import { networksOf } from "../spec/networks.ts";
import { withoutEffect } from "../spec/problem.ts";
import { publishedPorts } from "../spec/service.ts";
import type { Pass } from "./pass.ts";

/** Puts each service on the networks over which it calls others or is called. */
export const networks: Pass = (services, run) => {
  const all = services.map((service) => {
    const calls = [...(service.calls ?? []), ...(service.deriveCalls?.(service, services) ?? [])];
    return { ...service, calls, outside: service.outside || callsHost(service) };
  });
  for (const service of all) {
    if (run.ctx.settings.services[service.name]?.outside !== false) continue;
    const isPublished = publishedPorts(service).length > 0;
    if (!isPublished && !service.outside) continue;
    const why = isPublished
      ? "Docker publishes ports only on a network with a route out"
      : callsHost(service)
        ? "its settings name the Docker host"
        : "a store that it calls is outside of the stack";
    run.problems.push(withoutEffect(`services.${service.name}.outside`, why));
  }
  return all.map((service) => ({ ...service, networks: networksOf(service, all) }));
};
