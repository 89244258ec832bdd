import { type Secret, type SecretSource, secretsIn } from "./content.ts";
import { isLongRunning, type ServiceSpec } from "./service.ts";

/** The secrets in a service's files and addresses. */
export const secretsOf = (service: ServiceSpec): Secret[] => [
  ...service.files.flatMap((file) => secretsIn(file.content)),
  ...(isLongRunning(service) && service.metrics ? secretsIn(service.metrics.path) : []),
];

/**
 * The secrets that these services need, by name.
 * @throws when two different secrets share a name
 */
export function collectSecrets(services: readonly ServiceSpec[]): Record<string, SecretSource> {
  const found = new Map<string, SecretSource>();
  for (const { name, source } of services.flatMap(secretsOf)) {
    const known = found.get(name);
    if (known && JSON.stringify(known) !== JSON.stringify(source))
      throw new Error(`Two different secrets are named ${name}.`);
    found.set(name, source);
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The names in `ragdock:rotations` that a system has. */
export function rotatable(secrets: Readonly<Record<string, SecretSource>>): string[] {
  const names = Object.values(secrets).flatMap((source) =>
    source.from === "generated" && source.rotation ? [source.rotation] : [],
  );
  return [...new Set(names)];
}
