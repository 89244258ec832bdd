import { contextOf, resolveSystem } from "../../config/resolve.ts";
import type { Context } from "../../config/services/template.ts";
import { settings as schema } from "../../config/settings/schema.ts";
import type { SystemSpec } from "../../config/spec/service.ts";

/** The system that a test stack's settings make, and the context its services were described in. */
export function systemAndContext(
  stack: string,
  raw: Record<string, unknown>,
): { system: SystemSpec; context: Context } {
  const facts = { project: "ragdock", stack, secrets: new Set<string>(), host: {} };
  return { system: resolveSystem(raw, facts), context: contextOf(schema.parse(raw), facts) };
}
