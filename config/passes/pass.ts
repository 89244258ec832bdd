import type { Context, ServiceTemplate } from "../services/module.ts";
import type { Problem } from "../spec/problem.ts";

/** The input of the passes in addition to the services, and their reports. */
export interface Run {
  readonly ctx: Context;
  readonly problems: Problem[];
  /** Services that this image source cannot offer, and why. */
  readonly unavailable: Record<string, string>;
  /** Services that a pass removed. Their secrets stay, because their data may. */
  readonly dropped: ServiceTemplate[];
}

export type Pass = (services: readonly ServiceTemplate[], run: Run) => readonly ServiceTemplate[];
