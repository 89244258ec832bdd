import type { Timeouts } from "../pulumi/registration.ts";
import type { Properties } from "../pulumi/values.ts";
import type { TfState } from "../terraform/operations.ts";

/** A resource in the state. */
export interface ResourceState {
  urn: string;
  type: string;
  custom: boolean;
  id?: string;
  parent?: string;
  /** The explicit provider, as `urn::id`. */
  provider?: string;
  inputs: Properties;
  outputs: Properties;
  tf?: TfState;
  dependencies: string[];
  propertyDependencies: Record<string, string[]>;
  protect: boolean;
  retainOnDelete: boolean;
  deletedWith?: string;
  timeouts?: Timeouts;
  /** Whether the engine generated the name. Updates keep a generated name. */
  autoNamed: boolean;
  /** The errors of a creation that left a resource behind. */
  initErrors: string[];
  /** Whether the next run asks the provider for a plan even if the inputs have not changed. */
  replan: boolean;
  /** Whether a replacement exists. The end of a successful run deletes this resource. */
  pendingDelete: boolean;
  /** Whether the resource was deleted and its replacement has not been created yet. */
  pendingReplacement: boolean;
}

/** An operation, recorded before it starts. After a kill, the next run finds it in the state. */
export interface PendingOperation {
  readonly op: "create" | "update" | "delete";
  readonly urn: string;
  readonly type: string;
  readonly name?: string;
  readonly provider?: string;
  /** Milliseconds since 1970. */
  readonly started: number;
}
