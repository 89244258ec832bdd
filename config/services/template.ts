import { type ImageName, images } from "../images.ts";
import type { Settings, VectorStore } from "../settings/schema.ts";
import type {
  BindMount,
  FileSpec,
  ImageSource,
  Job,
  LogRotation,
  LongRunning,
  ServiceSpec,
} from "../spec/service.ts";
import type { Models } from "./models.ts";

/** What a system's file knows when it describes its services. */
export interface Context {
  readonly project: string;
  readonly stack: string;
  readonly settings: Settings;
  readonly prod: boolean;
  /** User secrets that are set, by name. */
  readonly secrets: ReadonlySet<string>;
  readonly vectorStore: VectorStore;
  readonly models: Models;
}

/** A service whose files may depend on all the services of the final system. */
export type ServiceTemplate<S extends ServiceSpec = ServiceSpec> = S & {
  readonly renderFiles?: (services: readonly ServiceSpec[]) => readonly FileSpec[];
  /** What the setting `live` adds: the source on the host over the image's own, and what makes the app look at it. */
  readonly sourceMount?: {
    readonly mount: BindMount;
    readonly environment: Readonly<Record<string, string>>;
  };
};

/** Three files of 10 MiB hold days of a quiet service and can never fill a disk. */
export const logs: LogRotation = { maxSize: "10MiB", maxFiles: 3 };

/** What services mostly are; a service's file says only where it differs. */
export const common = {
  environment: {},
  files: [],
  mounts: [],
  volumes: [],
  logs,
  dependsOn: [],
  replicas: 1,
  stopGracePeriod: "10s",
} as const satisfies Partial<LongRunning>;

/** The same for jobs. */
export const commonJob = {
  kind: "job",
  environment: {},
  files: [],
  mounts: [],
  logs,
  dependsOn: [],
} as const satisfies Partial<Job>;

/** The Python that applications are built on. */
export const pythonImage = { from: "catalogue", name: "python" } as const;

/** An image of the catalogue and the user that belongs to it; where the image is root's, it stays so. */
export function catalogue(name: ImageName): { readonly image: ImageSource; readonly user?: string } {
  const { user } = images[name];
  return { image: { from: "catalogue", name }, ...(user.startsWith("0:") ? {} : { user }) };
}

/** The same services on other networks. */
export const on = (networks: readonly string[], drafts: readonly ServiceTemplate[]): ServiceTemplate[] =>
  drafts.map((draft) => ({ ...draft, networks }));
