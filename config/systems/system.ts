import type { OwnProvider } from "../services/models.ts";
import type { ServiceModule } from "../services/module.ts";
import type { SystemTraits } from "../settings/rules.ts";
import type { Network } from "../spec/service.ts";

/** A named system: the modules that it runs, and which general settings mean something to it. */
export interface System extends SystemTraits {
  readonly about: string;
  /** Where it differs from the original that its users know, and why. @default nowhere */
  readonly differs?: readonly string[];
  /** Its networks by short name. With a single one, every service is on it. */
  readonly networks: Readonly<Record<string, Network>>;
  /** Whether it embeds or asks language models, and the provider that it is made for. @default neither */
  readonly models?: { readonly own?: OwnProvider };
  /** Its modules, in the order in which people read them. */
  readonly modules: readonly ServiceModule[];
}
