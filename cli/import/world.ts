import { type Fates, fatesOf, isOptional, kindsOf } from "./fates.ts";
import type { ServiceKind, Store } from "./kinds.ts";
import type { ComposeProject, ComposeService } from "./read.ts";
import { type SecretOwner, sharedSecrets } from "./variables.ts";
import { type Names, namesOf } from "./write/names.ts";

/** What is known of a whole project before its services are written. */
export interface World {
  readonly project: ComposeProject;
  readonly kinds: ReadonlyMap<string, ServiceKind>;
  readonly fates: Fates;
  readonly names: Names;
  /** The services whose place a store of the stack takes. */
  readonly stores: readonly { readonly is: Store; readonly service: ComposeService }[];
  /** The secrets of variables by value, and where each is kept. */
  readonly shared: ReadonlyMap<string, SecretOwner>;
}

/** Looks at a project as a whole. */
export function worldOf(project: ComposeProject): World {
  const kinds = kindsOf(project);
  const fates = fatesOf(project, kinds);
  const stores = project.services.flatMap((service) => {
    const fate = fates.get(service.name);
    return fate?.is === "store" ? [{ is: fate.store, service }] : [];
  });
  const world = { project, kinds, fates, names: namesOf(project, fates), stores };
  const applications = applicationsOf(world);
  return { ...world, shared: sharedSecrets(applications, world) };
}

/** The services that become applications. */
export const applicationsOf = ({ project, fates }: Pick<World, "project" | "fates">): ComposeService[] =>
  project.services.filter(({ name }) => fates.get(name)?.is === "application");

/** Whether a service starts without a profile, or with one that COMPOSE_PROFILES chooses. */
export const isActive = (service: ComposeService, { project }: Pick<World, "project">): boolean =>
  !isOptional(service) || project.profiles.some((one) => profilesOf(service).includes(one) || one === "*");

const profilesOf = ({ tree }: ComposeService): string[] => {
  const profiles = tree.entries.get("profiles");
  return profiles?.kind === "sequence"
    ? profiles.items.flatMap((item) => (item.kind === "scalar" ? [String(item.value)] : []))
    : [];
};
