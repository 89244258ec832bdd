import type { Program } from "../config/spec/container-options.ts";
import { Failure } from "../config/spec/failure.ts";
import { type Container, docker } from "./docker.ts";

/** The fields of `docker image inspect` that this uses. */
interface Image {
  readonly RepoTags: readonly string[] | null;
  readonly Config: { readonly Entrypoint: readonly string[] | null; readonly Cmd: readonly string[] | null };
}

const shell = "/bin/sh";

/**
 * Returns a function that reads the program of an image, by the image's id. A container with
 * secrets in variables starts with a shell, so the function refuses an image without a shell.
 * @param make whether containers may be started. A preview starts none.
 * @param containers those of the stack. One that has started with a shell shows that its image has
 * one.
 */
export function programReader({
  make,
  containers,
}: {
  readonly make: boolean;
  readonly containers: readonly Container[];
}): (id: string) => Promise<Program> {
  const read = new Map<string, Promise<Program>>();
  return (id) => {
    const known = read.get(id) ?? programIn(id, make && !hasStartedShell(id, containers));
    read.set(id, known);
    return known;
  };
}

const hasStartedShell = (id: string, containers: readonly Container[]): boolean =>
  containers.some(({ Image, Path, State }) => Image === id && Path === shell && State.Status === "running");

async function programIn(id: string, check: boolean): Promise<Program> {
  const inspected = await docker("image", "inspect", id).catch((error: { readonly stderr?: string }) => {
    throw new Failure(
      `The image ${id} of an application cannot be read: ${error.stderr?.trim() ?? error}`,
      "If it was removed by hand, `make up REFRESH=1` builds or pulls it again.",
    );
  });
  const [image] = JSON.parse(inspected) as [Image];
  if (check) await requireShell(id, image.RepoTags?.[0] ?? id);
  return { entrypoint: image.Config.Entrypoint ?? [], command: image.Config.Cmd ?? [] };
}

async function requireShell(id: string, name: string): Promise<void> {
  const options = ["--rm", "--network", "none", "--entrypoint", shell];
  await docker("run", ...options, id, "-c", ":").catch((error: { readonly stderr?: string }) => {
    throw new Failure(
      `The image ${name} cannot start ${shell}: ${error.stderr?.trim() ?? error}`,
      "`secrets` of an application need a shell in the image, because a shell script exports the variables. " +
        "Build on an image with a shell, such as a -debug or -slim variant, or let the application read a file: services.<name>.files takes {{secret:<name>}}.",
    );
  });
}
