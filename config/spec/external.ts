import type { Blackbox, Job, Role, ServiceSpec } from "./service.ts";

/** A store outside of the stack. */
export interface ExternalStore {
  /** The name of the service that the stack would run in its place. */
  readonly name: string;
  readonly role: Extract<Role, "postgres" | "redis" | "chroma">;
  readonly host: string;
  readonly port: number;
  /** The check of the blackbox exporter. */
  readonly blackbox: Blackbox;
  /** Whether the check speaks HTTPS. @default false */
  readonly https?: boolean;
}

/** The setting that names a store. */
export const settingOf = ({ role }: Pick<ExternalStore, "role">): string => `${role}.external`;

/** A store and its address, for people. */
export const externalWords = ({ name, host, port }: ExternalStore): string =>
  `${name} is outside of the stack, at ${host}:${port}`;

/** The stores outside of the stack that its services use. */
export const externalStores = (services: readonly ServiceSpec[]): ExternalStore[] =>
  services.flatMap((service) => (isCheck(service) ? [service.checks] : []));

type Check = Job & Required<Pick<Job, "checks">>;

/** Type guard: the job that checks a store outside of the stack. */
export const isCheck = (service: ServiceSpec): service is Check =>
  service.kind === "job" && service.checks !== undefined;
