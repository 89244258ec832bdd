import type { Blackbox } from "./blackbox.ts";

/** What Ragdock may do with the data of a store outside of the stack. */
export type Allowed = "backup" | "restore";

/** A store outside of the stack. */
export interface ExternalStore {
  /** The name of the service that it replaces. */
  readonly name: string;
  readonly role: "postgres" | "redis" | "chroma";
  readonly host: string;
  readonly port: number;
  /** The check of the blackbox exporter. */
  readonly blackbox: Blackbox;
  /** Whether the check speaks HTTPS. @default false */
  readonly https?: boolean;
  /** @default nothing */
  readonly allow?: readonly Allowed[];
}
