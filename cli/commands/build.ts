import { imagesOnly, requireDisk } from "../../host/preflight.ts";
import { command, newStackOptions, print } from "../command.ts";
import { begin } from "../deploy.ts";
import { withDeployer } from "../session.ts";
import { failedBuilds } from "../ui/diagnose.ts";
import { elapsed } from "../ui/text.ts";
import { prepared } from "./up.ts";

/** Builds or pulls the images of a stack. @returns the exit code */
export async function buildImages(options: Parameters<typeof prepared>[0]): Promise<number> {
  const { stack } = options;
  const system = await prepared(options);
  await requireDisk();
  process.env[imagesOnly] = "true";
  return withDeployer(stack, async (session) => {
    const { deployer, progress } = session;
    await begin(system, session);
    const { ok, errors } = await deployer.build();
    for (const error of errors) print(`\n${error}`);
    if (ok) print(`\nAll images of ${system.name} exist after ${elapsed(progress.seconds())}.`);
    else
      for (const trouble of failedBuilds(stack, Date.now() - progress.seconds() * 1000))
        print(`\n${trouble}`);
    return ok ? 0 : 1;
  });
}

export const build = command({
  name: "build",
  summary: "Build or pull the images and start nothing",
  options: newStackOptions,
  examples: ["build --stack prod"],
  run: buildImages,
});
