import { basePrograms, type OfficialImage } from "./official.ts";

/** Facts that are true for both an official image and its stand-in. */
export interface CatalogueImage {
  /** Unique: the name of the built image. */
  readonly name: string;
  /** The build argument under which others get it, without `_IMAGE`. @default its name */
  readonly argument?: string;
  /** The official image as `repository:tag`. The tag names an exact version. */
  readonly reference: string;
  /**
   * `uid:gid` of the process. Images that start as root and then change the user can also start as
   * this user.
   */
  readonly user: string;
  /** The port it listens on by default. */
  readonly port?: number;
  /** The folder that holds its data: the volume belongs here. */
  readonly dataPath?: string;
  /** The configuration file it reads by default. */
  readonly configPath?: string;
  /** A health command whose program is in the image. Absent if the image has no program for it. */
  readonly healthcheck?: readonly string[];
  readonly metrics?: { readonly port: number; readonly path: string };
  /**
   * Registry mode: a Dockerfile that puts the official image, OFFICIAL_IMAGE, on another one,
   * BASE_IMAGE.
   */
  readonly wrapped?: { readonly dockerfile: string; readonly base: string };
  /** The contents of the official image. */
  readonly official: OfficialImage;
  /** Packages mode: how the image is built, or why it cannot be built. */
  readonly standIn: StandIn | { readonly unavailable: string };
}

/** The build of an image from packages. */
export interface StandIn {
  readonly folder: string;
  readonly args?: Readonly<Record<string, string>>;
  /** Builds on this image instead of the Debian base. */
  readonly base?: CatalogueImage;
  /** @default the official image's */
  readonly entrypoint?: readonly string[];
}

/** An image built from a folder of the project. */
export interface Built {
  readonly from: "build";
  readonly name: string;
  /** The build argument under which others get it, without `_IMAGE`. @default its name */
  readonly argument?: string;
  readonly context: string;
  readonly dockerfile: string;
  /** Images it builds on. Each is passed as the build argument `<NAME>_IMAGE`. */
  readonly bases?: readonly BaseImage[];
  readonly target?: string;
  /** More build arguments. They take precedence over those of the bases. @default none */
  readonly args?: Readonly<Record<string, string>>;
  /** What was found in a folder without a Dockerfile, for people. */
  readonly says?: string;
}

export type BaseImage = Built | { readonly from: "catalogue"; readonly image: CatalogueImage };

/** The image that a service runs. */
export type ImageSource =
  /** An official image or its stand-in. */
  | { readonly from: "catalogue"; readonly image: CatalogueImage }
  | Built
  /** Any other image, by reference. */
  | { readonly from: "reference"; readonly reference: string };

/** An image that a stack needs, and the images that are pulled if Docker does not have it. */
export interface RequiredImage {
  readonly reference: string;
  /** The image itself, or the images that it is built on. */
  readonly pulls: readonly string[];
}

/**
 * Splits a reference into its host, such as `quay.io`, and the rest. References of Docker Hub have
 * no host.
 */
export function splitReference(reference: string): {
  readonly host: string | undefined;
  readonly path: string;
} {
  const [first = "", ...rest] = reference.split("/");
  const isHost = rest.length > 0 && /[.:]|^localhost$/.test(first);
  return isHost ? { host: first, path: rest.join("/") } : { host: undefined, path: reference };
}

/** The registry of a reference, as `docker login` names it. `docker.io` is Docker Hub. */
export function registryOf(reference: string): string {
  const { host = "docker.io" } = splitReference(reference);
  return /^(index|registry-1)\.docker\.io$/.test(host) ? "docker.io" : host;
}

/** The short name of an image in a stack: what `ragdock:pinned` calls it. */
export function imageName(source: ImageSource): string {
  switch (source.from) {
    case "catalogue":
      return source.image.name;
    case "build":
      return source.name;
    case "reference":
      return source.reference.replaceAll(/[^a-z0-9]+/gi, "-");
  }
}

/** Whether an image is built for the stack, so no registry has it yet. */
export const isBuilt = (
  source: ImageSource,
  mode: { readonly images: "registry" | "packages"; readonly pinned: Readonly<Record<string, string>> },
): boolean =>
  !Object.hasOwn(mode.pinned, imageName(source)) &&
  (source.from === "build" ||
    (source.from === "catalogue" && (mode.images === "packages" || source.image.wrapped !== undefined)));

/** What was recognised in the folders of these images, by the image's short name. */
export const recognisedIn = (sources: readonly ImageSource[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    sources.flatMap((source) =>
      source.from === "build" && source.says ? [[imageName(source), source.says]] : [],
    ),
  );

/**
 * The programs that an image has in registry mode, as far as Ragdock uses them. A wrapped image
 * also has those of BusyBox.
 */
export const programsOf = ({ official, wrapped }: CatalogueImage): ReadonlySet<string> =>
  new Set([
    ...basePrograms[official.base],
    ...(official.programs ?? []),
    ...(wrapped ? basePrograms.busybox : []),
  ]);

/** The volumes that the official image declares. */
export const declaredVolumes = ({ official, dataPath }: CatalogueImage): readonly string[] =>
  official.volumes ?? (dataPath === undefined ? [] : [dataPath]);

/** The ports that the official image declares. */
export const declaredPorts = ({ official, port }: CatalogueImage): readonly number[] =>
  official.ports ?? (port === undefined ? [] : [port]);

/** A catalogue image and its user. For images that run as root, the user is not set. */
export const catalogueImage = (
  image: CatalogueImage,
): { readonly image: ImageSource; readonly user?: string } => ({
  image: { from: "catalogue", image },
  ...(image.user.startsWith("0:") ? {} : { user: image.user }),
});

/** Whether an image cannot be built from packages, and why. */
export const unavailableInPackages = (source: ImageSource): string | undefined =>
  source.from === "catalogue" && "unavailable" in source.image.standIn
    ? source.image.standIn.unavailable
    : undefined;
