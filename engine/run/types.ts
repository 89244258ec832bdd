import type { Severity } from "../pulumi/log.ts";
import type { PropertyDiff } from "../pulumi/paths.ts";
import type { ProgramOptions } from "../pulumi/program.ts";

/** The stack and the options of a run. */
export interface EngineOptions extends ProgramOptions {
  /** The folder of the encrypted state files. */
  readonly stateDir: string;
  readonly passphrase: string;
  readonly onEvent?: (event: EngineEvent) => void;
  /** The maximum number of parallel provider operations. @default 16 */
  readonly parallel?: number;
  /** Whether to read every resource from its provider first, which reveals drift. @default false */
  readonly refresh?: boolean;
  /**
   * Names of resources to replace even if their inputs have not changed, as with `pulumi up
   * --replace`.
   * @default none
   */
  readonly replace?: readonly string[];
  /**
   * The resources that the run may change, as with `pulumi up --target`: each a type, or
   * `type::name`. At its end the run deletes only what is no longer declared and has its `type::name`
   * in the list.
   * @default all
   */
  readonly targets?: readonly string[];
  /**
   * Interrupts the run: running operations are completed, and no new operation starts.
   * @default SIGINT and SIGTERM interrupt it
   */
  readonly signal?: AbortSignal;
}

/** Additional options of `destroy`. */
export interface DestroyOptions extends EngineOptions {
  /** Whether to keep protected resources and their dependencies. @default false */
  readonly excludeProtected?: boolean;
  /** Whether to delete protected resources too. @default false */
  readonly unprotect?: boolean;
}

/**
 * The operation on one resource. `retain` removes it from the state without deleting the real
 * resource.
 */
export type Op = "same" | "create" | "update" | "replace" | "delete" | "retain" | "read";

/** An event of a run. */
export type EngineEvent =
  | ({ kind: "start"; op: Op } & Subject)
  | ({ kind: "done"; op: Op; seconds: number; diff?: PropertyDiff[] } & Subject)
  | ({ kind: "failed"; op: Op; seconds: number; message: string } & Subject)
  | { kind: "log"; severity: Severity; message: string; urn?: string }
  | { kind: "note"; message: string };

/** The resource of an event or a step. */
export interface Subject {
  urn: string;
  type: string;
  name: string;
}

/** The operation that a run did, or that a preview would do, on one resource. */
export interface Step extends Subject {
  op: Op;
  diff: PropertyDiff[];
}

/** The result of a run. */
export interface RunResult {
  ok: boolean;
  changes: Record<Op, number>;
  steps: Step[];
  /** The stack's outputs, with secrets masked. */
  outputs: Record<string, unknown>;
  secretOutputs: string[];
  errors: string[];
  seconds: number;
}

/** One resource of the state, with secrets masked. */
export interface ResourceView extends Subject {
  id?: string;
  parent?: string;
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
  protect: boolean;
  dependencies: string[];
  initErrors: string[];
  pendingDelete: boolean;
}
