import { createHash } from "node:crypto";
import { isLongRunning, type LongRunning, type ServiceSpec } from "./service.ts";

/** Matches the place of a service's release in a file's content: the name that containers of this release alone have. */
export const releasePlace = /\{\{release:([a-z0-9-]+)\}\}/g;

/** The place of a service's release. */
export const release = (service: string): string => `{{release:${service}}}`;

/** The services whose releases have a place in a file of these services. */
export function routed(services: readonly ServiceSpec[]): Set<string> {
  const contents = services.flatMap((s) => s.files.map((file) => file.content));
  return new Set(
    contents.flatMap((text) => [...text.matchAll(releasePlace)].map((match) => match[1] as string)),
  );
}

/**
 * The name of a service's release: another one whenever its containers are replaced, so that whoever has it in a file
 * is replaced after them, and reaches nobody but them. What is changed in place is left out. How many there are is not:
 * of containers under one name some would be sent requests before they are healthy, and some while they end.
 * @param image the reference of its image
 */
export function releaseName(service: LongRunning, image: string): string {
  const { limits, after: _, logs: __, ...rest } = service;
  const content = JSON.stringify([image, rest, limits.cpus]);
  return `${service.name}-${createHash("sha256").update(content).digest("hex").slice(0, 8)}`;
}

/** Release names of the services that have one, by service. */
export function releaseNames(
  services: readonly ServiceSpec[],
  image: (service: LongRunning) => string,
): Record<string, string> {
  const named = routed(services);
  return Object.fromEntries(
    services
      .filter(isLongRunning)
      .filter((s) => named.has(s.name))
      .map((s) => [s.name, releaseName(s, image(s))]),
  );
}
