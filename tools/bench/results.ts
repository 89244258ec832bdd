import type { Seen } from "../traffic.ts";

/** The seconds of one command with each tool, in the order of the measurements. */
export interface Pair {
  readonly ours: number[];
  readonly compose: number[];
}

/** The commands that the bench measures repeatedly and compares with Compose. */
export type Topic = "unchanged" | "preview" | "warm" | "edit";

/** Seconds for a number of idle services. */
export interface Growth {
  readonly count: number;
  readonly start: number;
  readonly unchanged: number;
  readonly preview: number;
  readonly compose?: { readonly start: number; readonly unchanged: number; readonly preview: number };
}

/** The traffic's results of one change with each tool. */
export interface Disruption {
  readonly change: string;
  readonly ours?: Seen;
  readonly compose?: Seen;
}

/** Memory of one container, in MiB. */
export interface Memory {
  readonly service: string;
  readonly mebibytes: number;
}

/** Size of one image, in MB as in `docker images`. */
export interface ImageSize {
  readonly image: string;
  readonly megabytes: number;
}

/** The first `make up` on a fresh machine, with its parts. */
export interface Fresh {
  readonly date: string;
  readonly machine: string;
  readonly seconds: number;
  readonly parts: readonly { readonly part: string; readonly seconds: number }[];
}

/** The results of one run. An absent value could not be measured. */
export interface Results {
  readonly date: string;
  readonly commit: string;
  readonly images: string;
  readonly machine: readonly (readonly [string, string])[];
  loadBefore: string;
  loadAfter: string;
  services: number;
  compose?: string;
  first?: number;
  disruption?: readonly Disruption[];
  readonly pairs: Readonly<Record<Topic, Pair>>;
  memory?: readonly Memory[];
  sizes?: readonly ImageSize[];
  growth: Growth[];
  fresh?: Fresh;
  readonly failures: string[];
}
