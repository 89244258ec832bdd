import { imageName, unavailableInPackages } from "../spec/image.ts";
import type { Pass } from "./pass.ts";

/** Leaves out services whose image cannot be built from packages, unless the settings name an image for it. */
export const available: Pass = (services, run) => {
  const { images, pinned } = run.ctx.settings;
  if (images === "registry") return services;
  return services.filter((service) => {
    const why = unavailableInPackages(service.image);
    if (why === undefined || Object.hasOwn(pinned, imageName(service.image))) return true;
    run.unavailable[service.name] = why;
    run.dropped.push(service);
    return false;
  });
};
