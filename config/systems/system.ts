import type { OwnProvider } from "../services/models.ts";
import type { Context, ServiceTemplate } from "../services/template.ts";
import type { VectorStore } from "../settings/schema.ts";
import type { Network } from "../spec/service.ts";

/** A named system: what it runs, and which of the general settings mean something to it. */
export interface System {
  /** One line for people. */
  readonly about: string;
  /** Where it is not what its users had, and why. @default nowhere */
  readonly differs?: readonly string[];
  readonly networks: Readonly<Record<string, Network>>;
  /** Where it can keep vectors. @default the setting `vectorStore` has no meaning for it */
  readonly vectorStore?: {
    readonly allowed: readonly VectorStore[];
    readonly dev: VectorStore;
    readonly prod: VectorStore;
  };
  /** Whether it embeds or asks language models, and whose by itself. @default neither */
  readonly models?: { readonly own?: OwnProvider };
  /** Whether it runs on any version of PostgreSQL. @default false, the setting `postgresVersion` has no meaning */
  readonly anyPostgres?: true;
  /** Whether a user's application can stand in the API's place. @default false */
  readonly takesApp?: true;
  /** Its services, in the order in which people read them. */
  readonly services: (ctx: Context) => readonly ServiceTemplate[];
}
