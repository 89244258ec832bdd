import { nameOf } from "../pulumi/urn.ts";

/** The parts of a resource by which targets select it. */
interface Selectable {
  readonly type: string;
  readonly urn: string;
}

/** Whether a run with these targets may change a resource. Each is a type, or `type::name`. */
export const isTarget = (targets: readonly string[] | undefined, type: string, name: string): boolean =>
  targets === undefined || targets.includes(type) || targets.includes(`${type}::${name}`);

/** Whether a run with these targets deletes a resource at its end. A type alone deletes nothing. */
export const mayDelete = (targets: readonly string[] | undefined, { type, urn }: Selectable): boolean =>
  targets === undefined || targets.includes(`${type}::${nameOf(urn)}`);
