import type { Seen } from "../traffic.ts";

/** The same thing done by both, in turns; seconds in the order in which they were taken. */
export interface Pair {
  readonly ours: number[];
  readonly compose: number[];
}

/** What is measured again and again, and beside Compose. */
export type Topic = "unchanged" | "preview" | "warm" | "edit";

/** What a number of idle services costs. */
export interface Growth {
  readonly count: number;
  readonly start: number;
  readonly unchanged: number;
  readonly preview: number;
  readonly compose?: { readonly start: number; readonly unchanged: number; readonly preview: number };
}

/** What a steady load saw of the same change, made by both. */
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

/** Size of one image, in MB as `docker images` counts. */
export interface ImageSize {
  readonly image: string;
  readonly megabytes: number;
}

/** A first `make up` on a machine without anything, with its parts. */
export interface Fresh {
  readonly date: string;
  readonly machine: string;
  readonly seconds: number;
  readonly parts: readonly { readonly part: string; readonly seconds: number }[];
}

/** Everything that one run has measured; what is absent could not be. */
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
