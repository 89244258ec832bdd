import { ownRegistry } from "../services/registry.ts";
import type { Pass } from "./pass.ts";

/**
 * Adds a registry to a stack on a Swarm whose settings name none. Its images cannot be built from
 * packages: they would have to be in a registry before it runs.
 */
export const registry: Pass = (services, { ctx }) => {
  const { target, registry: named, images } = ctx.settings;
  const isNeeded = target === "swarm" && named === undefined && images === "registry";
  // It starts before everything that is pulled from it.
  return isNeeded ? [...ownRegistry(ctx), ...services] : services;
};
