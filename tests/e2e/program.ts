import { load } from "../../config/load.ts";
import { settings as schema } from "../../config/schema.ts";
import type { SystemSpec } from "../../config/service.ts";
import type { Context } from "../../config/services/draft.ts";

/** The system that a test stack's settings make, and the context its services were described in. */
export function systemAndContext(
  stack: string,
  raw: Record<string, unknown>,
): { system: SystemSpec; context: Context } {
  const system = load(raw, { project: "ragdock", stack, secrets: new Set(), host: {} });
  const settings = schema.parse(raw);
  return { system, context: { project: "ragdock", stack, settings, prod: settings.environment === "prod" } };
}
