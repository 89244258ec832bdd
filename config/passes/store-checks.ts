import type { ServiceTemplate } from "../services/module.ts";
import { isGuarded } from "../spec/service.ts";
import type { Pass } from "./pass.ts";

/**
 * Removes the check from outside of stores that an exporter watches. The blackbox exporter then does
 * not need to reach them.
 */
export const storeChecks: Pass = (services) =>
  services.map((service) => {
    const isWatched = services.some((s) => s.role === "exporter" && s.dependsOn.includes(service.name));
    if (!isWatched || !isGuarded(service)) return service;
    const { blackbox: _, ...unchecked } = service;
    return unchecked as ServiceTemplate;
  });
