import { type Facts, resolveSystem } from "../../config/resolve.ts";
import type { LongRunning, SystemSpec } from "../../config/spec/service.ts";
import { longRunning } from "../../config/spec/service.ts";

/** A stack of tests, on a host whose size is unknown. */
export const facts: Facts = { project: "ragdock", stack: "test", secrets: new Set(), host: {} };

/** The system that these settings make. */
export const systemWith = (raw: Record<string, unknown> = {}, over: Partial<Facts> = {}): SystemSpec =>
  resolveSystem(raw, { ...facts, ...over });

/** A service of a system that stays up. */
export function serviceOf(system: SystemSpec, name: string): LongRunning {
  const found = longRunning(system.services).find((s) => s.name === name);
  if (!found) throw new Error(`${system.name} has no service ${name}`);
  return found;
}
