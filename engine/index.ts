// The embedded engine. Imports go one way: run -> terraform -> pulumi; bridge uses terraform and pulumi; only this file is public.

import { existsSync } from "node:fs";
import { nameOf, STACK_TYPE } from "./pulumi/urn.ts";
import { mask, type Properties, reveal } from "./pulumi/values.ts";
import { deploy, readEntries, teardown } from "./run/run.ts";
import { statePath } from "./run/state.ts";
import type { DestroyOptions, EngineOptions, ResourceView, RunResult } from "./run/types.ts";

export { installPlugins } from "./bridge/install.ts";
export { differences, type PropertyDiff } from "./pulumi/paths.ts";
export { nameOf, typeOfUrn } from "./pulumi/urn.ts";
export type { Properties } from "./pulumi/values.ts";
export { writeAtomic } from "./run/atomic.ts";
export { readSealed, writeSealed } from "./run/sealed.ts";
export type {
  DestroyOptions,
  EngineEvent,
  EngineOptions,
  Op,
  ResourceView,
  RunResult,
  Step,
  Subject,
} from "./run/types.ts";

/** Runs the program without changing anything, and returns what `up` would do. */
export function preview(options: EngineOptions): Promise<RunResult> {
  return deploy(options, true);
}

/** Runs the program and changes the stack accordingly. */
export function up(options: EngineOptions): Promise<RunResult> {
  return deploy(options, false);
}

/** Deletes the stack's resources; refuses as a whole while one of them is protected, unless told otherwise. */
export function destroy(options: DestroyOptions): Promise<RunResult> {
  return teardown(options);
}

/** The stack's outputs as of the last run; secrets read "[secret]" unless asked for. */
export async function readOutputs(
  options: EngineOptions,
  { showSecrets = false }: { showSecrets?: boolean } = {},
): Promise<Record<string, unknown>> {
  const entries = await readEntries(options);
  const outputs: Properties = entries.find((entry) => entry.type === STACK_TYPE)?.outputs ?? {};
  return (showSecrets ? reveal(outputs) : mask(outputs)) as Record<string, unknown>;
}

/** The stack's resources as of the last run, secrets masked. */
export async function readState(options: EngineOptions): Promise<ResourceView[]> {
  return (await readEntries(options)).map((entry) => ({
    urn: entry.urn,
    type: entry.type,
    name: nameOf(entry.urn),
    ...(entry.id ? { id: entry.id } : {}),
    ...(entry.parent ? { parent: entry.parent } : {}),
    inputs: mask(entry.inputs) as Record<string, unknown>,
    outputs: mask(entry.outputs) as Record<string, unknown>,
    protect: entry.protect,
    dependencies: entry.dependencies,
    initErrors: entry.initErrors,
    pendingDelete: entry.pendingDelete,
  }));
}

/** Whether a stack has a state of this engine. */
export const hasState = (stack: Pick<EngineOptions, "stateDir" | "project" | "stack">): boolean =>
  existsSync(statePath(stack));
