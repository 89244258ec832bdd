import { type Facts, resolveSystem } from "../../../config/resolve.ts";
import { ConfigError } from "../../../config/settings/problem.ts";
import type { Problem } from "../../../config/spec/problem.ts";
import { openInProd } from "../../support/program.ts";
import { toPulumi } from "../../support/reader.ts";

/** A stack of the settings tests, on a host with plenty of memory and CPUs. */
export const facts: Facts = {
  project: "ragdock",
  stack: "test",
  secrets: new Set(),
  host: { memoryMiB: 65_536, cpus: 16 },
};

/**
 * Returns the problems of settings as users of the Pulumi CLI read them, or none if the settings are
 * valid. Ports in `prod` are open unless the settings change that.
 */
export function problems(raw: Record<string, unknown>, over: Partial<Facts> = {}): readonly Problem[] {
  try {
    resolveSystem(openInProd(raw), { ...facts, ...over });
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map((one) => ({ ...one, fix: toPulumi(one.fix) }));
    throw error;
  }
  return [];
}
