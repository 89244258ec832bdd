import type { Context, ServiceTemplate } from "../services/module.ts";
import type { Problem } from "../spec/problem.ts";
import type { Network } from "../spec/service.ts";

/** What the passes know of a system besides its services, and what they report. */
export interface Run {
  readonly ctx: Context;
  readonly networks: Readonly<Record<string, Network>>;
  readonly problems: Problem[];
  /** Services that this image source cannot offer, and why. */
  readonly unavailable: Record<string, string>;
  /** Services that left the list. Their secrets stay, because their data may. */
  readonly dropped: ServiceTemplate[];
}

export type Pass = (services: readonly ServiceTemplate[], run: Run) => readonly ServiceTemplate[];
