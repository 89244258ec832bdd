import { randomBytes } from "node:crypto";

/** The type of a stack's root component. */
export const STACK_TYPE = "pulumi:pulumi:Stack";

/** Builds a resource's URN from its place in the tree. */
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

/** The logical name that a URN ends with. */
export function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** The generated name of a resource that was given none: its logical name and seven hexadecimal digits. */
export function autoName(urn: string, seed: Buffer = randomBytes(4)): string {
  return `${nameOf(urn)}-${seed.toString("hex").slice(0, 7)}`;
}

/** The resource's own type, without those of its parents. */
export function typeOfUrn(urn: string): string {
  return qualifiedType(urn).split("$").at(-1) ?? "";
}

function qualifiedType(urn: string): string {
  return urn.split("::")[2] ?? "";
}

/** Which other URNs a resource may be known by. */
export interface AliasSpec {
  readonly urn?: string;
  readonly name?: string;
  readonly type?: string;
  readonly stack?: string;
  readonly project?: string;
  readonly parent?: string;
  readonly noParent?: boolean;
}

/** What the aliases of a resource start from. */
export interface AliasBase {
  readonly stack: string;
  readonly project: string;
  readonly type: string;
  readonly name: string;
  readonly parent: string | undefined;
  /** The parent's own former URNs, each of which gives this resource a former URN too. */
  readonly parentAliases: readonly string[];
}

/** The former URNs of a resource, under which the state may hold it. */
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

// By convention a child's name begins with its parent's: a renamed parent renames the child with it.
function inherited(base: AliasBase, parent: string | undefined): string {
  const now = base.parent ? nameOf(base.parent) : "";
  const before = parent ? nameOf(parent) : "";
  return now && before && base.name.startsWith(now) ? before + base.name.slice(now.length) : base.name;
}
