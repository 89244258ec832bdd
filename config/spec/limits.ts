import type { Size } from "./units.ts";

export interface Limits {
  /** CPUs, as a number: 0.5 is half of one. */
  readonly cpus: number;
  readonly memory: Size;
  /** A soft limit, to which the kernel reduces the container when the host is short of memory. */
  readonly reservation?: Size;
}

export interface LogRotation {
  readonly maxSize: Size;
  readonly maxFiles: number;
}

/**
 * Capabilities of Linux that an image may need. All of them affect only its own container.
 */
export const capabilities = [
  "CHOWN",
  "DAC_OVERRIDE",
  "DAC_READ_SEARCH",
  "FOWNER",
  "KILL",
  "NET_BIND_SERVICE",
  "SETGID",
  "SETUID",
] as const;

export type Capability = (typeof capabilities)[number];

/** The limits of the kernel that Docker can set for the processes of a container. */
export const ulimitNames = [
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
] as const;
