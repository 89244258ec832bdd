import { deploy, readEntries, teardown } from "./run.ts";
import type { DestroyOptions, EngineOptions, ResourceView, RunResult } from "./types.ts";
import { nameOf, STACK_TYPE } from "./urn.ts";
import { mask, type Properties, reveal } from "./values.ts";

export type {
  DestroyOptions,
  EngineEvent,
  EngineOptions,
  Op,
  PropertyDiff,
  ResourceView,
  RunResult,
  Step,
  Subject,
} from "./types.ts";

/** Runs the program without changing anything, and tells what `up` would do. */
export function preview(options: EngineOptions): Promise<RunResult> {
  return deploy(options, true);
}

/** Runs the program and makes the stack what it says. */
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
