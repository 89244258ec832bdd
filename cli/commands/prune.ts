import { docker } from "../../host/docker.ts";
import { project } from "../../host/paths.ts";
import { command, print } from "../command.ts";
import { requireDocker } from "../preflight/docker.ts";

/** Removes unused images of the project and Docker's build cache, never volumes. */
export async function pruneImages(): Promise<void> {
  const label = `label=ragdock.project=${project}`;
  print((await docker("image", "prune", "-af", "--filter", label)).trimEnd());
  print((await docker("builder", "prune", "-f")).trimEnd());
}

export const prune = command({
  name: "prune",
  summary: "Remove unused images of this project and Docker's build cache, never volumes",
  options: {},
  examples: ["prune"],
  run: async () => {
    await requireDocker();
    await pruneImages();
    return 0;
  },
});
