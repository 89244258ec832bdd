import { type Facts, resolveSystem } from "../../config/resolve.ts";
import type { LongRunning, SystemSpec } from "../../config/spec/service.ts";
import { longRunning } from "../../config/spec/service.ts";

/** A test stack, on a host of unknown size. */
export const facts: Facts = { project: "ragdock", stack: "test", secrets: new Set(), host: {} };

/** Allows open ports in `prod`, for tests without a sign-in. */
export const open = { open: "everyone may read and delete documents" } as const;

type Raw = Record<string, unknown>;

/** Settings whose ports in `prod` are open, unless they set TLS or a sign-in. */
export const openInProd = (raw: Raw): Raw => (raw.environment === "prod" ? { ingress: open, ...raw } : raw);

/**
 * Returns the system of these settings. Its ports in `prod` are open unless the settings change
 * that.
 */
export const systemWith = (raw: Raw = {}, over: Partial<Facts> = {}): SystemSpec =>
  resolveSystem(openInProd(raw), { ...facts, ...over });

/** Settings that switch off the monitoring services of a system, for tests that do not need them. */
export const unwatchedIn = (system: string): Record<string, { readonly enabled: false }> =>
  Object.fromEntries(
    systemWith({ images: "registry", system })
      .services.filter(({ role }) => role === "monitoring" || role === "exporter")
      .map(({ name }) => [name, { enabled: false }]),
  );

export const unwatched = unwatchedIn("full");

/** Returns a long-running service of a system. */
export function serviceOf(system: SystemSpec, name: string): LongRunning {
  const found = longRunning(system.services).find((s) => s.name === name);
  if (!found) throw new Error(`${system.name} has no service ${name}`);
  return found;
}
