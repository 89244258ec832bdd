import { resolveSystem } from "../../config/resolve.ts";
import { userSecrets } from "../../config/settings/schema.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { type SystemName, systems } from "../../config/systems/index.ts";

/** The names of all systems. */
export const systemNames = Object.keys(systems) as SystemName[];

/** The settings of Pulumi.prod.yaml. */
const ingress = { tls: "internal", signIn: { users: true } };

/**
 * Returns a system with the settings of the project's stack files. In prod every key is set, so
 * every service is there.
 */
export function specOf(system: SystemName, environment: "dev" | "prod"): SystemSpec {
  const secrets = new Set(environment === "prod" ? Object.keys(userSecrets) : []);
  return resolveSystem(
    { system, environment, ...(environment === "prod" ? { ingress } : {}) },
    { project: "ragdock", stack: environment, secrets, host: {} },
  );
}
