import { docker } from "../../host/docker.ts";

type Kind = "container" | "volume" | "network";

/** Returns the Docker objects of one kind whose names contain a text. */
export async function objects(name: string, kind: Kind): Promise<string[]> {
  const all = kind === "container" ? ["ps", "--all"] : [kind, "ls"];
  const ids = await docker(...all, "--quiet", "--filter", `name=${name}`);
  return ids.split("\n").filter(Boolean);
}

/** Removes the Docker objects whose names contain a text. */
export async function removeObjects(name: string): Promise<void> {
  for (const kind of ["container", "volume", "network"] as const) {
    const force = kind === "network" ? [] : ["--force"];
    for (const id of await objects(name, kind)) await docker(kind, "rm", ...force, id);
  }
}
