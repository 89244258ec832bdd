import type { Pass } from "./pass.ts";

/** In a system with a single network, every service is on it. */
export const networks: Pass = (services, run) => {
  const names = Object.keys(run.networks);
  return names.length === 1 ? services.map((service) => ({ ...service, networks: names })) : services;
};
