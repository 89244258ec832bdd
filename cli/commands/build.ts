import { type Build, type ImageMode, imagePlan } from "../../components/image-plan.ts";
import { Failure } from "../../config/spec/failure.ts";
import type { ImageSource } from "../../config/spec/image.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { docker } from "../../host/docker.ts";
import { project } from "../../host/paths.ts";
import { imagesOnly, requireDisk } from "../../host/preflight.ts";
import { command, newStackOptions, print } from "../command.ts";
import { begin } from "../deploy.ts";
import { withDeployer } from "../session.ts";
import { imageModeOf } from "../system.ts";
import { failedBuilds } from "../ui/diagnose.ts";
import type { Progress } from "../ui/progress.ts";
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
    const first = await deployer.build();
    const again = first.ok && noCache;
    if (again) await rebuild(system, progress);
    // The deployer learns the new ids of the images.
    const { ok, errors } = again ? await deployer.build({ refresh: true }) : first;
    for (const error of errors) print(`\n${error}`);
    if (ok) print(`\nAll images of ${system.name} exist after ${elapsed(progress.seconds())}.`);
    else
      for (const trouble of failedBuilds(stack, Date.now() - progress.seconds() * 1000))
        print(`\n${trouble}`);
    return ok ? 0 : 1;
  });
}

/**
 * Builds each image again under its reference, after those that it is built on. The Docker provider
 * could do it only with an input that stays in the state, and every later build would ignore the
 * cache too.
 */
async function rebuild(system: SystemSpec, progress: Progress): Promise<void> {
  const mode = await imageModeOf(system);
  const plans = new Map(
    system.services.flatMap(({ image }) => buildsOf(image, mode)).map((plan) => [plan.reference, plan]),
  );
  for (const { name, reference, context, dockerfile, target, buildArgs } of plans.values()) {
    const args = Object.entries(buildArgs).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
    const options = [
      "--no-cache",
      "-t",
      reference,
      "-f",
      dockerfile,
      "--label",
      `ragdock.project=${project}`,
    ];
    await progress.step(`building image ${name} without the cache`, () =>
      docker("build", "-q", ...options, ...args, ...(target ? ["--target", target] : []), context).catch(
        (error: { readonly stderr?: string }) => {
          throw new Failure(
            `The image ${name} was not built: ${error.stderr?.trim() ?? error}`,
            "The image from before is still there. Fix the cause and run the same command again.",
          );
        },
      ),
    );
  }
}

/** The builds of an image: those that it is built on, then its own. */
function buildsOf(source: ImageSource, mode: ImageMode): Build[] {
  const plan = imagePlan(source, mode);
  return plan.kind === "build" ? [...(plan.bases ?? []).flatMap((base) => buildsOf(base, mode)), plan] : [];
}

export const build = command({
  name: "build",
  summary: "Build or pull the images and start nothing",
  details:
    "--no-cache builds every image of the stack again, for newer packages of the distribution. The next `up` replaces the containers",
  options: {
    ...newStackOptions,
    noCache: { flags: "--no-cache", description: "build each image again, without Docker's cache" },
  },
  examples: ["build --stack prod", "build --no-cache"],
  run: buildImages,
});
