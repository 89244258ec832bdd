import type { Severity } from "../pulumi/log.ts";
import type { PropertyDiff } from "../pulumi/paths.ts";
import type { ProgramOptions } from "../pulumi/program.ts";

/** What a run works on, and how. */
export interface EngineOptions extends ProgramOptions {
  /** The folder of the encrypted state files. */
  readonly stateDir: string;
  readonly passphrase: string;
  readonly onEvent?: (event: EngineEvent) => void;
  /** How many provider operations may run at once. @default 16 */
  readonly parallel?: number;
  /** Read every resource from the provider first, so that drift shows. @default false */
  readonly refresh?: boolean;
  /** Names of resources to replace whatever their inputs say, as `pulumi up --replace` does. @default none */
  readonly replace?: readonly string[];
  /** Types of the resources to work on, as `pulumi up --target` does; all others stay as they are. @default all */
  readonly targets?: readonly string[];
  /** Ends the run early: running operations end, nothing new starts. @default SIGINT and SIGTERM do so */
  readonly signal?: AbortSignal;
}

/** What `destroy` takes in addition. */
export interface DestroyOptions extends EngineOptions {
  /** Leave protected resources, and what they depend on, in place. */
  readonly excludeProtected?: boolean;
  /** Delete protected resources too. */
  readonly unprotect?: boolean;
}

/** What happens to one resource. `retain` forgets a resource without deleting the real thing. */
export type Op = "same" | "create" | "update" | "replace" | "delete" | "retain" | "read";

/** What the engine reports while it works. */
export type EngineEvent =
  | ({ kind: "start"; op: Op } & Subject)
  | ({ kind: "done"; op: Op; seconds: number; diff?: PropertyDiff[] } & Subject)
  | ({ kind: "failed"; op: Op; seconds: number; message: string } & Subject)
  | { kind: "log"; severity: Severity; message: string; urn?: string }
  | { kind: "note"; message: string };

/** Which resource an event or a step is about. */
export interface Subject {
  urn: string;
  type: string;
  name: string;
}

/** What happened, or in a preview would happen, to one resource. */
export interface Step extends Subject {
  op: Op;
  diff: PropertyDiff[];
}

/** The outcome of a run. */
export interface RunResult {
  ok: boolean;
  changes: Record<Op, number>;
  steps: Step[];
  /** The stack's outputs, secrets masked. */
  outputs: Record<string, unknown>;
  secretOutputs: string[];
  errors: string[];
  seconds: number;
}

/** One resource of the state, secrets masked. */
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
