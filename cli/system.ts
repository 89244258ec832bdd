import { type ImageMode, imageMode } from "../components/image-plan.ts";
import { type Facts, resolveSystem } from "../config/resolve.ts";
import { readSettings } from "../config/settings/read.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { baseImageTag } from "../host/base-image.ts";
import { useDocker } from "../host/docker.ts";
import { project } from "../host/paths.ts";
import { hostFacts, requireDocker } from "../host/server.ts";
import { deployerOf } from "./backends/deployer.ts";
import { readSecrets } from "./backends/secrets.ts";
import { dockerSettingsOf, readStackFile } from "./stack-file.ts";

/** The settings of a stack's file, and the facts that are needed to resolve them. */
export async function settingsOf(stack: string): Promise<{ raw: Record<string, unknown>; facts: Facts }> {
  const { values, encrypted } = readStackFile(stack);
  await useDocker(dockerSettingsOf(stack));
  const host = await hostFacts();
  // Pulumi keeps the stack's secrets in its file, the embedded engine in a separate file.
  const own = deployerOf(stack) === "embedded" ? Object.keys(await readSecrets(stack)) : [];
  const secrets = new Set([...own, ...encrypted].map((key) => key.slice(project.length + 1)));
  return { raw: readSettings(values, project), facts: { project, stack, secrets, host } };
}

/**
 * The system that a stack's file asks for. @throws ConfigError with everything that is wrong in it
 */
export async function systemOf(stack: string): Promise<SystemSpec> {
  const { raw, facts } = await settingsOf(stack);
  return resolveSystem(raw, facts);
}

/** As `systemOf`, for work that needs Docker. @throws Failure if Docker does not answer */
export async function reachableSystem(stack: string): Promise<SystemSpec> {
  await requireDocker();
  return systemOf(stack);
}

/** The source of a system's images, as the program sees it. */
export const imageModeOf = async (system: SystemSpec): Promise<ImageMode> =>
  imageMode(system, project, system.images === "packages" ? await baseImageTag() : "");
