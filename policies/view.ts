import { type ImageSource, imageName } from "../config/spec/image.ts";
import { isLongRunning, publishedPorts, type ServiceSpec } from "../config/spec/service.ts";
import { mebibytes } from "../config/spec/units.ts";

/**
 * A container as the rules see it: a service of a system, or a container that a Pulumi program
 * declares.
 */
export interface ContainerView {
  readonly service: string;
  readonly kind: ServiceSpec["kind"];
  /** `uid:gid`. Undefined if the image decides. */
  readonly user: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** Whether it drops all Linux capabilities except those that its settings list. */
  readonly dropsCapabilities: boolean;
  /** 0 is unlimited. */
  readonly cpus: number;
  /** 0 is unlimited. */
  readonly memoryMiB: number;
  /** Whether Docker limits the size of its logs. */
  readonly rotatesLogs: boolean;
  readonly hasHealthcheck: boolean;
  /** Ports of the host that it publishes on all addresses. */
  readonly publicPorts: readonly number[];
  /** The named volumes that it mounts. */
  readonly volumes: readonly string[];
}

/** An image that is pulled. */
export interface ImageView {
  /** Its short name, as in `ragdock:pinned`. */
  readonly name: string;
  readonly reference: string;
}

/** Whether Docker runs a health check with this command. */
export const isCheck = ([kind = "NONE"]: readonly string[]): boolean => kind !== "NONE";

/** A service as the rules see it. */
export const viewOf = (service: ServiceSpec): ContainerView => ({
  service: service.name,
  kind: service.kind,
  user: service.user,
  environment: service.environment,
  // A service keeps only the capabilities that it names.
  dropsCapabilities: true,
  cpus: service.limits.cpus,
  memoryMiB: mebibytes(service.limits.memory),
  // A service always has a size limit for its logs.
  rotatesLogs: true,
  hasHealthcheck: isLongRunning(service) && isCheck(service.healthcheck.test),
  publicPorts: publishedPorts(service)
    .filter(({ exposure }) => exposure === "public")
    .map(({ host }) => host),
  volumes: service.volumes.map(({ volume }) => volume),
});

/**
 * Returns the reference under which an image is pulled, or undefined for an image that is built.
 */
export type ReferenceOf = (source: ImageSource) => string | undefined;

/** The images that services and their builds pull, each once. */
export function imagesOf(services: readonly ServiceSpec[], referenceOf: ReferenceOf): ImageView[] {
  const sources = services.flatMap(({ image }) => withBases(image, referenceOf));
  const views = sources.flatMap((source): ImageView[] => {
    const reference = referenceOf(source);
    return reference === undefined ? [] : [{ name: imageName(source), reference }];
  });
  return [...new Map(views.map((view) => [view.name, view])).values()];
}

/** An image, and those that its build starts from. */
const withBases = (source: ImageSource, referenceOf: ReferenceOf): ImageSource[] =>
  source.from === "build" && referenceOf(source) === undefined
    ? [source, ...(source.bases ?? []).flatMap((base) => withBases(base, referenceOf))]
    : [source];
