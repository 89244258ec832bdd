import type { Fates } from "./fates.ts";
import type { ServiceKind, Store } from "./kinds.ts";
import type { ComposeProject, ComposeService } from "./read.ts";
import type { Names } from "./write/names.ts";

/** The variable that keeps a secret, which other variables repeat. */
export interface SecretOwner {
  readonly service: string;
  readonly variable: string;
  /** Whether it is a password of the project itself, on which services agree. */
  readonly isAgreed: boolean;
}

/** What is known of a whole project before its services are written. */
export interface World {
  readonly project: ComposeProject;
  readonly kinds: ReadonlyMap<string, ServiceKind>;
  readonly fates: Fates;
  readonly names: Names;
  /** The services that a store of the stack replaces. */
  readonly stores: readonly { readonly is: Store; readonly service: ComposeService }[];
  /** The secrets in variables, by value, and the variable that keeps each of them. */
  readonly shared: ReadonlyMap<string, SecretOwner>;
}

/** The services that become applications. */
export const applicationsOf = ({ project, fates }: Pick<World, "project" | "fates">): ComposeService[] =>
  project.services.filter(({ name }) => fates.get(name)?.is === "application");
