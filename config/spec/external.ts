import type { Allowed, ExternalStore } from "./external-store.ts";
import type { Job, ServiceSpec } from "./service.ts";

/** The setting that names a store. */
export const settingOf = ({ role }: Pick<ExternalStore, "role">): string => `${role}.external`;

/** A store and its address, for people. */
export const externalWords = ({ name, host, port }: ExternalStore): string =>
  `${name} is outside of the stack, at ${host}:${port}`;

/** The stores outside of the stack that its services use. */
export const externalStores = (services: readonly ServiceSpec[]): ExternalStore[] =>
  services.flatMap((service) => (isCheck(service) ? [service.checks] : []));

/** Whether Ragdock may do this with the data of a store. */
export const mayDo = ({ allow = [] }: ExternalStore, action: Allowed): boolean => allow.includes(action);

/** The job that checks a store outside of the stack. */
export type Check = Job & Required<Pick<Job, "checks">>;

/** Type guard: the job that checks a store outside of the stack. */
export const isCheck = (service: ServiceSpec): service is Check =>
  service.kind === "job" && service.checks !== undefined;
