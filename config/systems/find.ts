import { unknownSystem } from "../settings/rules.ts";
import type { Problem } from "../spec/problem.ts";
import { systems } from "./index.ts";
import { loadSystem } from "./own.ts";
import type { System } from "./system.ts";

/** A system, and what is known about its origin. */
export interface Found {
  readonly name: string;
  readonly system: System;
  /** A digest of its files, for a system from outside of Ragdock. */
  readonly digest?: string;
}

const names = Object.keys(systems);

/** Finds the system that `ragdock:system` names: one of Ragdock's own, a file or a package. */
export function findSystem(value: string): Found | { readonly problem: Problem } {
  if (Object.hasOwn(systems, value)) return { name: value, system: systems[value as keyof typeof systems] };
  const own = loadSystem(value, names);
  if (!own) return { problem: unknownSystem(value, names) };
  return "problem" in own ? own : { name: own.system.name, ...own };
}
