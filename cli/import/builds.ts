import type { ComposeProject, ComposeService } from "./read.ts";
import { at, type Tree, textOf } from "./tree.ts";

/**
 * Returns a project in which each service has the build of its image, even if another service
 * builds it.
 */
export function withBuilds(project: ComposeProject): ComposeProject {
  const builds = new Map<string, Tree>();
  for (const { tree } of project.services) {
    const build = at(tree, "build");
    const image = imageOf(tree);
    if (build && image) builds.set(image, build);
  }
  const built = (service: ComposeService): ComposeService => {
    const { tree } = service;
    const build = builds.get(imageOf(tree) ?? "");
    if (!build || at(tree, "build")) return service;
    return { ...service, tree: { ...tree, entries: new Map([...tree.entries, ["build", build]]) } };
  };
  return { ...project, services: project.services.map(built) };
}

const imageOf = (tree: Tree): string | undefined => textOf(at(tree, "image"));
