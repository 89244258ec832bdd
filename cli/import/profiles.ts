import type { ComposeProject, ComposeService } from "./read.ts";
import { at, textsOf } from "./tree.ts";

/** Whether a service starts without a profile, or with one that COMPOSE_PROFILES chooses. */
export function isActive(
  { tree }: ComposeService,
  { project }: { readonly project: ComposeProject },
): boolean {
  const profiles = textsOf(at(tree, "profiles"));
  return profiles.length === 0 || project.profiles.some((one) => one === "*" || profiles.includes(one));
}
