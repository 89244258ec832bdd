import type { Context, ServiceTemplate } from "../services/module.ts";
import type { Problem } from "../spec/problem.ts";
import type { Network } from "../spec/service.ts";

/** What the passes know of a system besides its services, and what they report. */
export interface Run {
  readonly ctx: Context;
  readonly networks: Readonly<Record<string, Network>>;
  /** What is wrong with the settings. Passes add to it. */
  readonly problems: Problem[];
  /** Services that this image source cannot offer, and why. */
  readonly unavailable: Record<string, string>;
  /** Services that left the list. Their secrets stay, because their data may. */
  readonly dropped: ServiceTemplate[];
}

/** One step from templates to services. */
export type Pass = (services: readonly ServiceTemplate[], run: Run) => readonly ServiceTemplate[];
