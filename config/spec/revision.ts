import { createHash } from "node:crypto";
import { secretsIn } from "./secrets.ts";
import { isLongRunning, type LongRunning, type SecretSource, type ServiceSpec } from "./service.ts";

/** Matches the place of a service's release in a file's content: the name that containers of this release alone have. */
export const revisionPlaceholder = /\{\{release:([a-z0-9-]+)\}\}/g;

/** The place of a service's release. */
export const revision = (service: string): string => `{{release:${service}}}`;

/** The services whose releases have a place in a file of these services. */
export function routed(services: readonly ServiceSpec[]): Set<string> {
  const contents = services.flatMap((s) => s.files.map((file) => file.content));
  return new Set(
    contents.flatMap((text) => [...text.matchAll(revisionPlaceholder)].map((match) => match[1] as string)),
  );
}

/**
 * The name of a service's release: another one whenever its containers are replaced, so that whoever has it in a file
 * is replaced after them, and reaches nobody but them. What is changed in place is left out. How many there are is not,
 * nor which generation of a secret they have: of containers under one name some would be sent requests before they are
 * healthy, and some while they end. The value of a secret that the user sets is not known here.
 * @param image the reference of its image
 * @param secrets where the system's secrets are from, by name
 */
export function revisionName(
  service: LongRunning,
  image: string,
  secrets: Readonly<Record<string, SecretSource>>,
): string {
  const { limits, dependsOn: _, logs: __, ...rest } = service;
  const names = service.files.flatMap((file) => secretsIn(file.content));
  const content = JSON.stringify([image, rest, limits.cpus, names.map((name) => secrets[name])]);
  return `${service.name}-${createHash("sha256").update(content).digest("hex").slice(0, 8)}`;
}

/** Release names of the services that have one, by service. */
export function revisionNames(
  services: readonly ServiceSpec[],
  image: (service: LongRunning) => string,
  secrets: Readonly<Record<string, SecretSource>>,
): Record<string, string> {
  const named = routed(services);
  return Object.fromEntries(
    services
      .filter(isLongRunning)
      .filter((s) => named.has(s.name))
      .map((s) => [s.name, revisionName(s, image(s), secrets)]),
  );
}
