import type { Settings, VectorStore } from "../settings/schema.ts";
import type { Host } from "../spec/host.ts";
import type { CatalogueImage } from "../spec/image.ts";
import type { LogRotation } from "../spec/limits.ts";
import type { Alert } from "../spec/monitoring.ts";
import type { Problem } from "../spec/problem.ts";
import type { BindMount, FileSpec, Job, LongRunning, ServiceSpec } from "../spec/service.ts";
import type { StackName } from "../spec/stack.ts";
import type { Models, Runner } from "./models.ts";

/** The input of a module that describes its services. */
export interface Context extends StackName {
  readonly settings: Settings;
  readonly prod: boolean;
  /** User secrets that are set, by name. */
  readonly secrets: ReadonlySet<string>;
  readonly vectorStore: VectorStore;
  readonly models: Models;
  /** The Docker host, as far as it is known. For rules: a service is the same on each host. */
  readonly host: Host;
}

/** Source code of the project that the setting `sourceMount` puts over the image's own. */
export interface SourceMount {
  readonly mount: BindMount;
  /** The environment or arguments with which the application reloads edited files. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * A service before the passes. The passes of config/passes turn templates into the services of a
 * SystemSpec.
 */
export type ServiceTemplate<S extends ServiceSpec = ServiceSpec> = S & {
  /** Fields that depend on the user's settings. Runs last. */
  derive?(self: S): Partial<S>;
  /** Files that depend on the user's settings or on the other services. Runs last. */
  deriveFiles?(self: S, services: readonly ServiceSpec[]): readonly FileSpec[];
  deriveAlerts?(self: S, services: readonly ServiceSpec[]): readonly Alert[];
  /** Services that it calls, which depend on the other services. */
  deriveCalls?(self: S, services: readonly ServiceSpec[]): readonly string[];
  /** The reason to leave the service out. Undefined keeps it. */
  omit?(self: S, services: readonly ServiceSpec[]): string | undefined;
  readonly sourceMount?: SourceMount;
  /** Whether the service can use `gpus`. @default false */
  readonly usesGpus?: boolean;
};

/** Everything about one service: images, templates, alerts and dashboards. */
export interface ServiceModule {
  /** The images of the catalogue that it runs. */
  readonly images?: readonly CatalogueImage[];
  /** Whether a system that lists the module runs it. @default always */
  readonly optIn?: (ctx: Context) => boolean;
  /** Its services and jobs, in the order in which people read them. */
  readonly services: (ctx: Context) => readonly ServiceTemplate[];
  /** Problems that only this module can find, in the settings or in the finished services. */
  readonly rules?: (ctx: Context, services: readonly ServiceSpec[]) => readonly Problem[];
  /** The model provider that it runs for `llm: { provider, run: true }`. */
  readonly runs?: Runner;
}

/**
 * Three files of 10 MiB keep the log of several days of a quiet service, and cannot fill a disk.
 */
const logs: LogRotation = { maxSize: "10MiB", maxFiles: 3 };

/** The defaults of a service. A module sets only the values that differ. */
export const serviceDefaults = {
  kind: "stateless",
  networks: [],
  environment: {},
  files: [],
  mounts: [],
  volumes: [],
  ports: [],
  logs,
  dependsOn: [],
  replicas: 1,
  stopGracePeriod: "10s",
} as const satisfies Partial<LongRunning>;

/** The defaults of a job. */
export const jobDefaults = {
  kind: "job",
  networks: [],
  environment: {},
  files: [],
  mounts: [],
  volumes: [],
  logs,
  dependsOn: [],
} as const satisfies Partial<Job>;
