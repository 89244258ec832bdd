import type { RequiredImage } from "../config/spec/image.ts";
import { deployedPart, imagesOnly } from "../config/spec/part.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import type { StackName } from "../config/spec/stack.ts";
import { watchCrashLoops } from "./crash-loops.ts";
import type { Container } from "./docker.ts";
import { watchServices } from "./failing-services.ts";
import { told } from "./finding.ts";
import { lostData, placeVolumes } from "./placement.ts";
import { pullImages } from "./pull.ts";

interface Preparation {
  readonly stack: StackName;
  readonly system: SystemSpec;
  readonly required: readonly RequiredImage[];
  /** The stack's containers before the deployment. */
  readonly before: readonly Container[];
  /** The registries in `docker:registryAuth`, from which the Docker provider itself pulls. */
  readonly registryAuth: readonly string[];
  readonly say: (line: string) => void;
  readonly warn: (message: string) => Promise<unknown>;
  /** Fails the deployment. */
  readonly error: (message: string) => Promise<unknown>;
}

/**
 * Prepares the Docker host for a deployment: pulls images, chooses the nodes of new volumes on a
 * Swarm, and watches for services that crash again and again.
 * @throws Failure if an image cannot be pulled, or if no node can take a volume
 */
export async function prepareHost({ stack, system, warn, error, say, ...given }: Preparation): Promise<void> {
  await pullImages(given.required, { except: given.registryAuth, images: system.images, say });
  if (process.env[imagesOnly]) return;
  if (system.target === "engine") return watchCrashLoops(stack.stack, given.before, error);
  const part = deployedPart(system);
  for (const lost of await lostData(stack, part)) await warn(told(lost));
  await placeVolumes(stack, part, say);
  await watchServices(stack.stack, error);
}
