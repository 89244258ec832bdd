import { type ImageName, images } from "../images.ts";
import type { Settings } from "../schema.ts";
import type { FileSpec, ImageSource, Job, LogRotation, LongRunning, ServiceSpec } from "../service.ts";

/** What a system's file knows when it describes its services. */
export interface Context {
  readonly project: string;
  readonly stack: string;
  readonly settings: Settings;
  readonly prod: boolean;
}

/** A service whose files may depend on all the services of the final system. */
export type Draft<S extends ServiceSpec = ServiceSpec> = S & {
  readonly render?: (services: readonly ServiceSpec[]) => readonly FileSpec[];
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
  after: [],
  replicas: 1,
  stopGrace: "10s",
} as const satisfies Partial<LongRunning>;

/** The same for jobs. */
export const commonJob = {
  kind: "job",
  environment: {},
  files: [],
  mounts: [],
  logs,
  after: [],
} as const satisfies Partial<Job>;

/** Marks the place of a secret in a file's content. */
export const secret = (name: string): string => `{{secret:${name}}}`;

/** A file that holds one secret and nothing else. */
export const secretFile = (name: string): FileSpec => ({
  path: `/run/secrets/${name}`,
  content: secret(name),
});

/** An image of the catalogue and the user that belongs to it; where the image is root's, it stays so. */
export function catalogue(name: ImageName): { readonly image: ImageSource; readonly user?: string } {
  const { user } = images[name];
  return { image: { from: "catalogue", name }, ...(user.startsWith("0:") ? {} : { user }) };
}
