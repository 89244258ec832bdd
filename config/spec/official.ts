/** The tools that every image with a shell has, as far as Ragdock uses them. */
const tools = "cat cut date grep mv rm sed sh sha256sum sleep tail timeout touch".split(" ");

/** The part of them that Red Hat's smallest image has, which brings no `grep` and no `sed`. */
const coreutils = tools.filter((tool) => tool !== "grep" && tool !== "sed");

/** The tools of Debian and Ubuntu that backups use with options of GNU. */
const gnu = ["find", "tar"];

/**
 * What an image is built on, and the programs that come with it, as far as Ragdock uses them.
 * Debian and Ubuntu have no HTTP client. BusyBox, which Alpine also has, contains a wget and an
 * nslookup. The slim images of the others have no `find`, and not all have `tar`.
 */
export const basePrograms = {
  alpine: [...tools, "nslookup", "wget"],
  amazonlinux: [...tools, "bash"],
  busybox: [...tools, "nslookup", "wget"],
  debian: [...tools, ...gnu, "bash"],
  oraclelinux: [...tools, "bash"],
  "ubi-micro": [...coreutils, "bash"],
  ubuntu: [...tools, ...gnu, "bash"],
  scratch: [],
} as const satisfies Record<string, readonly string[]>;

/**
 * A public file that was read, as `owner/repository@version:path`. The version is a tag or a
 * commit.
 */
export type Source = `${string}/${string}@${string}:${string}`;

/** Facts about an official image that could be different in its stand-in. */
export interface OfficialImage {
  /** Where the facts were read. */
  readonly sources: readonly [Source, ...Source[]];
  readonly base: keyof typeof basePrograms;
  /** Programs in addition to those of the base, as far as Ragdock uses them. @default none */
  readonly programs?: readonly string[];
  /** @default none, so the first word of the command is the program */
  readonly entrypoint?: readonly string[];
  /**
   * Whether the entrypoint runs any command. If not, the command holds the arguments of the
   * entrypoint. @default false
   */
  readonly runsCommands?: boolean;
  /** The user that the image starts as. @default the user of its process */
  readonly startsAs?: "root";
  /** Volumes that the image declares. @default the folder of its data */
  readonly volumes?: readonly string[];
  /** Ports that the image declares. @default the port that it listens on */
  readonly ports?: readonly number[];
}
