import { randomBytes } from "node:crypto";

/** The type of a stack's root component. */
export const STACK_TYPE = "pulumi:pulumi:Stack";

/** Builds a resource's URN from its position in the tree. */
export function makeUrn(
  stack: string,
  project: string,
  parent: string | undefined,
  type: string,
  name: string,
): string {
  const parentType = parent ? qualifiedType(parent) : "";
  const qualified = parentType && parentType !== STACK_TYPE ? `${parentType}$${type}` : type;
  return `urn:pulumi:${stack}::${project}::${qualified}::${name}`;
}

/** Returns the logical name at the end of a URN. */
export function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/**
 * Generates the name of a resource without an explicit one: its logical name and seven hexadecimal
 * digits.
 */
export function autoName(urn: string, seed: Buffer = randomBytes(4)): string {
  return `${nameOf(urn)}-${seed.toString("hex").slice(0, 7)}`;
}

/** Returns the resource's type, without the types of its parents. */
export function typeOfUrn(urn: string): string {
  return qualifiedType(urn).split("$").at(-1) ?? "";
}

function qualifiedType(urn: string): string {
  return urn.split("::")[2] ?? "";
}

/** An alias: another URN that a resource may have in the state. */
export interface AliasSpec {
  readonly urn?: string;
  readonly name?: string;
  readonly type?: string;
  readonly stack?: string;
  readonly project?: string;
  readonly parent?: string;
  readonly noParent?: boolean;
}

/** The resource that aliases belong to. */
export interface AliasBase {
  readonly stack: string;
  readonly project: string;
  readonly type: string;
  readonly name: string;
  readonly parent: string | undefined;
  /** The parent's former URNs. Each of them gives this resource one more former URN. */
  readonly parentAliases: readonly string[];
}

/** Returns the former URNs under which the state may contain a resource. */
export function aliasUrns(base: AliasBase, specs: readonly AliasSpec[]): string[] {
  const found = new Set<string>();
  for (const spec of [{}, ...specs]) {
    if (spec.urn) {
      found.add(spec.urn);
      continue;
    }
    const parents = spec.noParent
      ? [undefined]
      : [spec.parent || base.parent, ...(spec.parent ? [] : base.parentAliases)];
    for (const parent of parents) {
      const renamed = parent !== base.parent && !spec.parent ? inherited(base, parent) : base.name;
      const name = spec.name || renamed;
      found.add(
        makeUrn(spec.stack || base.stack, spec.project || base.project, parent, spec.type || base.type, name),
      );
    }
  }
  found.delete(makeUrn(base.stack, base.project, base.parent, base.type, base.name));
  return [...found];
}

// By convention a child's name begins with its parent's name, so a new name of the parent also
// changes the child's.
function inherited(base: AliasBase, parent: string | undefined): string {
  const now = base.parent ? nameOf(base.parent) : "";
  const before = parent ? nameOf(parent) : "";
  return now && before && base.name.startsWith(now) ? before + base.name.slice(now.length) : base.name;
}
