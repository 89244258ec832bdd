// The embedded engine. Imports go in one direction: run -> terraform -> pulumi. bridge imports
// terraform and pulumi. Only this file is public.

import { existsSync } from "node:fs";
import { nameOf, STACK_TYPE } from "./pulumi/urn.ts";
import { mask, type Properties, reveal } from "./pulumi/values.ts";
import { deploy, readEntries, teardown } from "./run/run.ts";
import { statePath } from "./run/state.ts";
import type { DestroyOptions, EngineOptions, ResourceView, RunResult } from "./run/types.ts";

export { installPlugins } from "./bridge/install.ts";
export { differences, type PropertyDiff } from "./pulumi/paths.ts";
export { nameOf, STACK_TYPE, typeOfUrn } from "./pulumi/urn.ts";
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

/** Runs the program without changing anything, and returns the changes that `up` would make. */
export function preview(options: EngineOptions): Promise<RunResult> {
  return deploy(options, true);
}

/** Runs the program and changes the stack so that it matches. */
export function up(options: EngineOptions): Promise<RunResult> {
  return deploy(options, false);
}

/**
 * Deletes the stack's resources. If one of them is protected, it deletes nothing unless an option
 * keeps or unprotects it.
 */
export function destroy(options: DestroyOptions): Promise<RunResult> {
  return teardown(options);
}

/**
 * Returns the stack's outputs of the last run. Secrets appear as "[secret]" unless the caller asks
 * for them.
 */
export async function readOutputs(
  options: EngineOptions,
  { showSecrets = false }: { showSecrets?: boolean } = {},
): Promise<Record<string, unknown>> {
  const entries = await readEntries(options);
  const outputs: Properties = entries.find((entry) => entry.type === STACK_TYPE)?.outputs ?? {};
  return (showSecrets ? reveal(outputs) : mask(outputs)) as Record<string, unknown>;
}

/** Returns the stack's resources of the last run, with secrets masked. */
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

/** Whether the embedded engine has a state of the stack. */
export const hasState = (stack: Pick<EngineOptions, "stateDir" | "project" | "stack">): boolean =>
  existsSync(statePath(stack));
