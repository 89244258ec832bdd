import type { OwnProvider } from "../services/models.ts";
import type { ServiceModule } from "../services/module.ts";
import type { SystemTraits } from "../settings/rules.ts";

/** A named system: the modules that it runs, and the general settings that it supports. */
export interface System extends SystemTraits {
  readonly about: string;
  /** The differences from the original, with their reasons. @default nowhere */
  readonly differs?: readonly string[];
  /**
   * Whether it embeds or asks language models, and the provider that it is made for. @default
   * neither
   */
  readonly models?: { readonly own?: OwnProvider };
  /** Its modules, in the order in which people read them. */
  readonly modules: readonly ServiceModule[];
}
