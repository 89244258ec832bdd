import type { Size } from "./units.ts";

/** A limit of the kernel for the processes of a container. -1 is no limit. */
export interface Ulimit {
  readonly soft: number;
  readonly hard: number;
}

/** Options of a container that own applications may set. */
export interface ContainerOptions {
  /**
   * A script in the files of the service. It gets the program and its arguments, and finally
   * becomes that program (`exec`). The image needs `/bin/sh`.
   * @default the program is started directly
   */
  readonly startScript?: string;
  /** Folders in memory that every user may write to, with their sizes. @default none */
  readonly writable?: Readonly<Record<string, Size>>;
  /** Addresses of more host names. `host-gateway` is the Docker host. @default none */
  readonly extraHosts?: Readonly<Record<string, string>>;
  /** Limits by name, such as `nofile`. @default those of Docker */
  readonly ulimits?: Readonly<Record<string, Ulimit>>;
  /** The host name inside the container. @default its id */
  readonly hostname?: string;
  /** The folder in which its program starts. @default that of the image */
  readonly workingDir?: string;
  /** Labels of its container, for programs that watch Docker. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Whether files that it writes outside of its volumes may be lost. @default false */
  readonly ephemeral?: boolean;
}

/**
 * Inputs of its resource whose changes do not replace a container. Docker cannot change the log options of a
 * container.
 */
export const ignoreChanges = ["logDriver", "logOpts"];

/** The program that an image runs by default. */
export interface Program {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

/**
 * The program of a container and its arguments, as Docker would start them: an entrypoint in the
 * settings replaces the image's entrypoint and command.
 */
export const programOf = (
  { entrypoint, command }: { readonly entrypoint?: readonly string[]; readonly command?: readonly string[] },
  image: Program,
): readonly string[] =>
  entrypoint ? [...entrypoint, ...(command ?? [])] : [...image.entrypoint, ...(command ?? image.command)];

/** The entrypoint of a container with a start script. Its command is the program. */
export const startWith = (script: string): readonly string[] => ["/bin/sh", script];
