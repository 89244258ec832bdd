import type { OwnProvider } from "../services/models.ts";
import type { ServiceModule } from "../services/module.ts";
import type { SystemTraits } from "../settings/rules.ts";

/** The difference of a system whose original runs with Docker Compose. */
export const ownCommands =
  "The commands are Ragdock's and not those of Compose: `make up`, `make ps`, `make logs`, `make exec` and `make down`. They take the name of a service, because containers have generated names, so that a new one can start before the old one stops.";

/** A system: the modules that it runs, and the general settings that it supports. */
export interface System extends SystemTraits {
  readonly about: string;
  /** The differences from the original, with their reasons. @default there are none */
  readonly differs?: readonly string[];
  /**
   * Whether it uses embedding models or language models, and its own provider.
   * @default neither
   */
  readonly models?: { readonly own?: OwnProvider };
  /** Its modules, in the order in which people read them. */
  readonly modules: readonly ServiceModule[];
}

/** A system in a file or a package outside of Ragdock, which exports it as its default. */
export interface OwnSystem extends System {
  /**
   * Its name in messages and in the manifests of backups: small letters, digits and `-`. It must
   * not be the name of one of Ragdock's own systems.
   */
  readonly name: string;
}
