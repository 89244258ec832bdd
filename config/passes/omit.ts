import { withoutEffect } from "../spec/problem.ts";
import type { Pass } from "./pass.ts";

/** Leaves out services that have nothing to do. Settings for such a service are refused. */
export const omit: Pass = (services, run) => {
  const idle = services.flatMap((service) => {
    const why = service.omit?.(service, services);
    return why === undefined ? [] : [{ service, why }];
  });
  if (idle.length === 0) return services;
  for (const { service, why } of idle) {
    if (Object.hasOwn(run.ctx.settings.services, service.name))
      run.problems.push(withoutEffect(`services.${service.name}`, `${service.name} does not run: ${why}`));
  }
  // Again: another service may have nothing to do without these.
  return omit(
    services.filter((service) => !idle.some((other) => other.service === service)),
    run,
  );
};
