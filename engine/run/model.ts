import type { Timeouts } from "../pulumi/registration.ts";
import type { Properties } from "../pulumi/values.ts";
import type { TfState } from "../terraform/operations.ts";

/** A resource as the engine keeps it between runs. */
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
  /** The engine generated the name, and updates keep it. */
  autoNamed: boolean;
  /** The errors of a creation that left something behind. */
  initErrors: string[];
  /** The provider sees a difference although the inputs are the recorded ones. */
  replan: boolean;
  /** Replaced already. The end of a successful run deletes it. */
  pendingDelete: boolean;
  /** Deleted already. Its replacement has not been created yet. */
  pendingReplacement: boolean;
}

/** An operation that is recorded before it starts, so that the next run finds what a killed run was doing. */
export interface PendingOperation {
  readonly op: "create" | "update" | "delete";
  readonly urn: string;
  readonly type: string;
  readonly name?: string;
  readonly provider?: string;
  /** Milliseconds since 1970. */
  readonly started: number;
}
