import type { Secret } from "./content.ts";

/** The service that each node of a Swarm pulls from. */
export const registryName = "registry";

/** The user of the registry. */
export const registryUser = "ragdock";

/** A registry that a stack on a Swarm runs for the images that it builds. */
export interface OwnRegistry {
  /**
   * What each node calls it, such as `127.0.0.1:5000`. Docker needs no certificate for this
   * address.
   */
  readonly address: string;
  readonly password: Secret;
}

/** The login of the registry that a stack runs. */
export interface RegistryLogin {
  readonly address: string;
  readonly user: string;
  readonly password: string;
}

/**
 * Pushes an image to the registry in its reference, and returns the reference with its digest.
 * @param login of the stack's registry. @default the user's login
 */
export type PushImage = (reference: string, id: string, login?: RegistryLogin) => Promise<string>;
