import type { ServiceTemplate } from "../services/module.ts";
import { isRare } from "../spec/paced-check.ts";
import { usualRecovery } from "../spec/recovery.ts";
import { isLongRunning, type Role } from "../spec/service.ts";
import type { Pass } from "./pass.ts";

const applications: readonly Role[] = ["api", "worker", "ui"];
const stores: readonly Role[] = ["postgres", "redis", "chroma", "store"];

/**
 * Lets the containers of applications restart if they stay unhealthy. One with a volume may be a
 * store that recovers its data, and the image of a service with a rare check may have no shell. Both
 * are restarted only if the settings say so.
 */
export const recovery: Pass = (services) =>
  services.map((service) =>
    isLongRunning(service) &&
    service.kind === "stateless" &&
    !isRare(service.healthcheck) &&
    applications.includes(service.role) &&
    noRestart(service) === undefined
      ? { ...service, restartUnhealthy: usualRecovery }
      : service,
  );

/** The reason why a service is never restarted when it is unhealthy. Undefined if it can be. */
export function noRestart(service: ServiceTemplate): string | undefined {
  const { name, role, capabilities = [] } = service;
  if (!isLongRunning(service)) return `${name} is a job, which runs once`;
  if (stores.includes(role)) return `${name} is a store, which may be recovering its data`;
  // The kernel lets a process signal processes of the same user only, and CAP_KILL is dropped.
  if (capabilities.includes("SETUID"))
    return `${name} may change its user, and a health check cannot end the processes of another user`;
  return undefined;
}
