import type { Blackbox } from "./blackbox.ts";

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
}
