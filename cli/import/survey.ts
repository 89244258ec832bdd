import { withBuilds } from "./builds.ts";
import { fatesOf, kindsOf } from "./fates.ts";
import { isActive } from "./profiles.ts";
import type { ComposeProject } from "./read.ts";
import { sharedSecrets } from "./variables.ts";
import { applicationsOf, type World } from "./world.ts";
import { namesOf } from "./write/names.ts";

/** Collects the facts about a whole project. */
export function worldOf(written: ComposeProject): World {
  const project = withBuilds(written);
  const kinds = kindsOf(project);
  const fates = fatesOf(project, kinds);
  const stores = project.services.flatMap((service) => {
    const fate = fates.get(service.name);
    return fate?.is === "store" ? [{ is: fate.store, service }] : [];
  });
  const world = { project, kinds, fates, names: namesOf(project, fates), stores };
  const applications = applicationsOf(world).filter((service) => isActive(service, world));
  return { ...world, shared: sharedSecrets(applications, world) };
}
