import { externalStores, isCheck } from "../spec/external.ts";
import { hostGateway } from "../spec/host-gateway.ts";
import { secretsOf } from "../spec/secrets.ts";
import type { Pass } from "./pass.ts";

/**
 * Makes the clients of a store outside of the stack wait for the job that checks it, and gives them
 * and the blackbox exporter a route out of the stack. No other service gets a route out.
 */
export const external: Pass = (services) => {
  const jobs = new Map(services.filter(isCheck).map(({ name, checks }) => [checks.name, name]));
  const isOutside = (name: string): boolean => jobs.has(name);
  const stores = externalStores(services);
  const hasChecked = stores.length > 0;
  const onHost = stores.some(({ host }) => host === hostGateway);
  return services.map((service) => {
    const named = [...service.dependsOn, ...(service.calls ?? [])];
    const logsIn = secretsOf(service).some(({ validAfter }) => [...jobs.values()].includes(validAfter ?? ""));
    const isClient = !isCheck(service) && (named.some(isOutside) || logsIn);
    const watches = hasChecked && service.name === "blackbox-exporter";
    if (!isClient && !watches) return service;
    const dependsOn = service.dependsOn.map((name) => jobs.get(name) ?? name);
    // The exporter gets the addresses of the stores from Prometheus, so its own settings do not name
    // the Docker host.
    const extraHosts = watches && onHost ? { extraHosts: { [hostGateway]: "host-gateway" } } : {};
    return { ...service, dependsOn, outside: true, ...extraHosts };
  });
};
