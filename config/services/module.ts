import type { Settings, VectorStore } from "../settings/schema.ts";
import type { Host } from "../spec/host.ts";
import type { CatalogueImage } from "../spec/image.ts";
import type { Alert } from "../spec/monitoring.ts";
import type { Problem } from "../spec/problem.ts";
import type { BindMount, FileSpec, Job, LogRotation, LongRunning, ServiceSpec } from "../spec/service.ts";
import type { StackName } from "../spec/stack.ts";
import type { Models, Runner } from "./models.ts";

/** What a service knows when it is described. */
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
  /** What makes the application look for edits. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A service in the making. The passes of config/passes turn templates into the services of a SystemSpec. */
export type ServiceTemplate<S extends ServiceSpec = ServiceSpec> = S & {
  /** Fields that depend on the user's settings. Runs last. */
  derive?(self: S): Partial<S>;
  /** Files that depend on the user's settings or on the other services. Runs last. */
  deriveFiles?(self: S, services: readonly ServiceSpec[]): readonly FileSpec[];
  deriveAlerts?(self: S, services: readonly ServiceSpec[]): readonly Alert[];
  /** Why the service is left out of the finished list; undefined keeps it. */
  omit?(self: S, services: readonly ServiceSpec[]): string | undefined;
  readonly sourceMount?: SourceMount;
  /** Whether `gpus` is of use to it. @default false */
  readonly usesGpus?: boolean;
};

/** A service with everything that is known about it. */
export interface ServiceModule {
  /** The images of the catalogue that it runs. */
  readonly images?: readonly CatalogueImage[];
  /** Whether a system that lists the module runs it. @default always */
  readonly optIn?: (ctx: Context) => boolean;
  /** Its services and jobs, in the order in which people read them. */
  readonly services: (ctx: Context) => readonly ServiceTemplate[];
  /** Problems that only this module knows, in the settings or in the finished services. */
  readonly rules?: (ctx: Context, services: readonly ServiceSpec[]) => readonly Problem[];
  /** The model provider that it runs for `llm: { provider, run: true }`. */
  readonly runs?: Runner;
}

/** Three files of 10 MiB hold days of a quiet service and never fill a disk. */
const logs: LogRotation = { maxSize: "10MiB", maxFiles: 3 };

/** What most services are. A module states where its service differs. */
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

/** The same for jobs. */
export const jobDefaults = {
  kind: "job",
  environment: {},
  files: [],
  mounts: [],
  volumes: [],
  logs,
  dependsOn: [],
} as const satisfies Partial<Job>;
