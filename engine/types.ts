/** What a run is about: a program, a stack, where its state is and how to open it. */
export interface EngineOptions {
  /** The project's folder: the program's working directory, and what relative paths are relative to. */
  readonly projectDir: string;
  /** The program's entry file, relative to `projectDir`. @default `main` of Pulumi.yaml, else of package.json */
  readonly program?: string;
  readonly project: string;
  readonly stack: string;
  /** The folder of the encrypted state files. */
  readonly stateDir: string;
  readonly passphrase: string;
  /** The stack's settings by `project:key`; a key without a colon is the project's own. */
  readonly config: Record<string, string>;
  /** Which keys of `config` are secret. */
  readonly secretKeys?: readonly string[];
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

/** What `destroy` may be asked on top. */
export interface DestroyOptions extends EngineOptions {
  /** Leave protected resources, and what they stand on, in place. */
  readonly excludeProtected?: boolean;
  /** Delete protected resources too. */
  readonly unprotect?: boolean;
}

/** What happens to one resource. `retain` forgets a resource without deleting the real thing. */
export type Op = "same" | "create" | "update" | "replace" | "delete" | "retain" | "read";

/** What the engine tells while it works. */
export type EngineEvent =
  | ({ kind: "start"; op: Op } & Subject)
  | ({ kind: "done"; op: Op; seconds: number; diff?: PropertyDiff[] } & Subject)
  | ({ kind: "failed"; op: Op; seconds: number; message: string } & Subject)
  | { kind: "log"; severity: "info" | "warning" | "error" | "debug"; message: string; urn?: string }
  | { kind: "note"; message: string };

/** Which resource an event or a step is about. */
export interface Subject {
  urn: string;
  type: string;
  name: string;
}

/** One property that changes; secrets read "[secret]", what is not known yet "[unknown]". */
export interface PropertyDiff {
  path: string;
  kind: "add" | "delete" | "update";
  old?: unknown;
  new?: unknown;
  replaces: boolean;
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
