import { type ImageMode, imagePlan } from "../../components/image-plan.ts";
import type { ImageSource } from "../../config/spec/image.ts";
import { imagesOnly } from "../../config/spec/part.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { fullName } from "../../config/spec/stack.ts";
import { docker } from "../../host/docker.ts";
import { project } from "../../host/paths.ts";
import { requireDisk } from "../../host/preflight.ts";
import { command, newStackOptions, print } from "../command.ts";
import { begin } from "../deploy.ts";
import { withDeployer } from "../session.ts";
import { imageModeOf } from "../system.ts";
import { failedBuilds } from "../ui/diagnose.ts";
import { elapsed } from "../ui/text.ts";
import { prepared } from "./up.ts";

type BuildOptions = Parameters<typeof prepared>[0] & { readonly noCache?: boolean };

/** Builds or pulls the images of a stack. @returns the exit code */
export async function buildImages(options: BuildOptions): Promise<number> {
  const { stack, noCache = false } = options;
  const system = await prepared(options);
  await requireDisk();
  process.env[imagesOnly] = "true";
  return withDeployer(stack, async (session) => {
    const { deployer, progress } = session;
    await begin(system, session);
    if (noCache)
      await progress.step("removing the build cache", () => docker("builder", "prune", "--all", "--force"));
    const replace = noCache ? await builtResources(stack, system) : [];
    const { ok, errors } = await deployer.build({ replace });
    for (const error of errors) print(`\n${error}`);
    if (ok) print(`\nAll images of ${system.name} exist after ${elapsed(progress.seconds())}.`);
    else
      for (const trouble of failedBuilds(stack, system.images, Date.now() - progress.seconds() * 1000))
        print(`\n${trouble}`);
    return ok ? 0 : 1;
  });
}

/**
 * The resources of a system's built images, which a run without the cache replaces. The provider's
 * own `noCache` would stay in the state, so each later build would also ignore the cache.
 */
const builtResources = async (stack: string, system: SystemSpec): Promise<string[]> => {
  const mode = await imageModeOf(system);
  const names = system.services.flatMap(({ image }) => buildsOf(image, mode));
  return [...new Set(names)].map((name) => fullName({ project, stack }, `image-${name}`));
};

/** The short names of the images that are built for an image: those that it is built on, and itself. */
export function buildsOf(source: ImageSource, mode: ImageMode): string[] {
  const plan = imagePlan(source, mode);
  if (plan.kind !== "build") return [];
  return [...(plan.bases ?? []).flatMap((base) => buildsOf(base, mode)), plan.name];
}

export const build = command({
  name: "build",
  summary: "Build or pull the images and start nothing",
  details:
    "--no-cache removes Docker's build cache, including that of other projects. Then it builds every image of the stack again, with the newest packages of the distribution. The next `up` replaces the containers",
  options: {
    ...newStackOptions,
    noCache: { flags: "--no-cache", description: "build each image again, without Docker's cache" },
  },
  examples: ["build --stack prod", "build --no-cache"],
  run: buildImages,
});
