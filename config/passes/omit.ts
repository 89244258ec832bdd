import { withoutEffect } from "../spec/problem.ts";
import type { Pass } from "./pass.ts";

/** Leaves out services that have nothing to do. Settings for such a service are refused. */
export const omit: Pass = (services, run) => {
  const kept = services.filter((service) => {
    const { name } = service;
    const why = service.omit?.(service, services);
    if (why !== undefined && Object.hasOwn(run.ctx.settings.services, name))
      run.problems.push(withoutEffect(`services.${name}`, `${name} does not run: ${why}`));
    return why === undefined;
  });
  // Repeats this, because without the removed services, another service may have nothing to do.
  return kept.length === services.length ? kept : omit(kept, run);
};
