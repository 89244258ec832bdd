import { basename } from "node:path";
import type { ComposeProject } from "../read.ts";
import { at, isTrue, textOf } from "../tree.ts";
import type { Existing } from "../write/storage.ts";

/** Data that Compose's containers have, as Docker names it. */
export interface Source extends Existing {
  /** The name of the volume, or the path of the folder. */
  readonly source: string;
}

/** Where the data of a project is on the Docker host. */
export const sourcesOf = (project: ComposeProject, existing: readonly Existing[]): Source[] => {
  const seen = new Set<string>();
  return existing.flatMap((one) => {
    const source = one.isFolder ? one.from : volumeOf(project, one.from);
    // Several services can share one volume.
    const key = `${source} ${one.volume}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ ...one, source }];
  });
};

/** The name that Compose gives a volume. */
function volumeOf(project: ComposeProject, name: string): string {
  const volumes = project.sections.find((section) => section.name === "volumes")?.tree;
  const given = textOf(at(volumes, name, "name"));
  if (given !== undefined) return given;
  return isTrue(at(volumes, name, "external")) ? name : `${projectName(project)}_${name}`;
}

/** Compose's name of a project. */
export function projectName({ folder, sections, name }: ComposeProject): string {
  const given = name ?? textOf(sections.find((section) => section.name === "name")?.tree);
  return (given ?? basename(folder))
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, "")
    .replace(/^[_-]+/, "");
}
