import type { Context, ServiceTemplate } from "../services/module.ts";
import type { ServiceSettings } from "../settings/schema.ts";
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

/** A service, what the user sets for it, and the system around it. */
export interface Wish {
  readonly service: ServiceTemplate;
  readonly user: ServiceSettings;
  readonly services: readonly ServiceTemplate[];
  readonly run: Run;
}

export type Pass = (services: readonly ServiceTemplate[], run: Run) => readonly ServiceTemplate[];
