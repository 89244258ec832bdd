import { imageName, unavailableInPackages } from "../spec/image.ts";
import type { Pass } from "./pass.ts";

/**
 * Leaves out services whose image cannot be built from packages, unless the settings name an image
 * for it. Their settings are not refused: the same file may be right where registries can be
 * reached.
 */
export const available: Pass = (services, run) => {
  const { images, pinned, services: user } = run.ctx.settings;
  if (images === "registry") return services;
  return services.filter((service) => {
    const why = unavailableInPackages(service.image);
    if (why === undefined || Object.hasOwn(pinned, imageName(service.image))) return true;
    const { enabled: _, ...rest } = user[service.name] ?? {};
    const unused = Object.keys(rest).map((key) => `services.${service.name}.${key}`);
    run.unavailable[service.name] = unused.length > 0 ? `${why} No effect here: ${unused.join(", ")}.` : why;
    run.dropped.push(service);
    return false;
  });
};
