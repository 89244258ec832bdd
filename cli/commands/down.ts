import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { buildLogs } from "../../config/images.ts";
import { authName } from "../../config/services/auth.ts";
import { Failure } from "../../config/spec/failure.ts";
import { helperLabel } from "../../config/spec/stack.ts";
import { recordRemoval } from "../../host/deployment-log.ts";
import { docker, stackFilters } from "../../host/docker.ts";
import { project, projectDir } from "../../host/paths.ts";
import { placedVolumes } from "../../host/placement.ts";
import { requireDocker } from "../../host/server.ts";
import { deployerOf } from "../backends/deployer.ts";
import { removeSecrets } from "../backends/secrets.ts";
import { command, print, stackOption } from "../command.ts";
import { withDeployer } from "../session.ts";
import { dockerSettingsOf, stackFile } from "../stack-file.ts";

const volumesOf = async (stack: string): Promise<string[]> =>
  (await docker("volume", "ls", "-q", ...stackFilters(stack))).split("\n").filter(Boolean);

/** Takes a stack down; its data stays. @returns the exit code */
async function takeDown(stack: string): Promise<number> {
  await requireDocker();
  // A stack whose sign-in does not answer can also be taken down.
  await recordRemoval(stack, authName).catch((error: Error) =>
    print(`No line was added to the audit log: ${error.message}`),
  );
  return withDeployer(stack, async ({ deployer }) => {
    const { ok, errors } = await deployer.down();
    for (const error of errors) print(error);
    const isSwarm = dockerSettingsOf(stack).target === "swarm";
    const volumes = await (isSwarm ? placedVolumes({ project, stack }) : volumesOf(stack));
    const removal = isSwarm
      ? "To delete it permanently, remove the volumes on their nodes: docs/guide/several-machines.md#data."
      : `make destroy-data STACK=${stack} CONFIRM=${stack} deletes it permanently.`;
    print(
      volumes.length > 0
        ? `\nThe stack is down. Its data stays in ${volumes.join(", ")}.\nmake up STACK=${stack} uses it again. ${removal}`
        : "\nThe stack is down. The stack has no data.",
    );
    return ok ? 0 : 1;
  });
}

export const down = command({
  name: "down",
  summary: "Stop and remove everything but the data",
  options: { stack: stackOption },
  examples: ["down --stack m31"],
  run: ({ stack }) => takeDown(stack),
});

/** Removes unused images of the project and Docker's build cache, never volumes. */
async function pruneImages(): Promise<number> {
  const label = `label=ragdock.project=${project}`;
  print((await docker("image", "prune", "-af", "--filter", label)).trimEnd());
  print((await docker("builder", "prune", "-f")).trimEnd());
  return 0;
}

export const prune = command({
  name: "prune",
  summary: "Remove unused images of this project and Docker's build cache, never volumes",
  options: {},
  examples: ["prune"],
  run: async () => {
    await requireDocker();
    return pruneImages();
  },
});

export const clean = command({
  name: "clean",
  summary: "Take the stack down, and remove unused images and the build cache",
  details: "Data stays. Unused images of all stacks of this project are removed",
  options: { stack: stackOption },
  examples: ["clean"],
  run: async ({ stack }) => {
    const code = await takeDown(stack);
    if (code !== 0) return code;
    rmSync(join(projectDir, buildLogs), { recursive: true, force: true });
    return pruneImages();
  },
});

export const destroyData = command({
  name: "destroy-data",
  summary: "Delete the data of a stack permanently",
  details:
    "It deletes the volumes, the generated secrets, and the secrets set with `ragdock secret`. Backups and the stack's file stay",
  options: {
    stack: stackOption,
    confirm: { flags: "--confirm <stack>", description: "repeat the stack's name" },
  },
  examples: ["destroy-data --stack dev --confirm dev"],
  run: async ({ stack, confirm }) => {
    await requireDocker();
    const volumes = await volumesOf(stack);
    if (confirm !== stack)
      throw new Failure(
        `This deletes the data of stack "${stack}" permanently: ${volumes.join(", ") || "no volumes"}, and the secrets of the stack.`,
        `Confirm it: make destroy-data STACK=${stack} CONFIRM=${stack}`,
      );
    return withDeployer(stack, async ({ deployer }) => {
      const { ok, errors } = await deployer.forget();
      for (const error of errors) print(error);
      if (!ok) return 1;
      await removeHelpers(volumes);
      if (volumes.length > 0) await docker("volume", "rm", ...volumes);
      const secrets = deployerOf(stack) === "embedded" ? await removeSecrets(stack) : [];
      print(`Deleted: ${volumes.join(", ") || "no volumes were left"}.`);
      if (secrets.length > 0) print(`Deleted secrets that you had set: ${secrets.join(", ")}.`);
      print(`The backups and ${basename(stackFile(stack))} stay.`);
      return 0;
    });
  },
});

/** Removes helper containers of an interrupted backup or import, which keep a volume in use. */
async function removeHelpers(volumes: readonly string[]): Promise<void> {
  const helpers = ["ps", "-aq", "--filter", `label=${helperLabel}`];
  for (const volume of volumes) {
    const ids = (await docker(...helpers, "--filter", `volume=${volume}`)).split("\n").filter(Boolean);
    if (ids.length > 0) await docker("rm", "-f", "-v", ...ids);
  }
}
