import { rmSync } from "node:fs";
import { join } from "node:path";
import { buildLogs } from "../../config/images.ts";
import { containersOf, docker, isWell } from "../../host/docker.ts";
import { Failure } from "../../host/failure.ts";
import { project, projectDir } from "../../host/paths.ts";
import { type Command, print } from "../command.ts";
import { backup, listBackups } from "../data/backup.ts";
import { drill } from "../data/drill.ts";
import { restore } from "../data/restore.ts";
import { upgradePostgres } from "../data/upgrade.ts";
import { requireDocker, systemOf } from "../preflight/index.ts";
import { forgetVolumes } from "../preflight/volumes.ts";
import { diagnose } from "../ui/diagnose.ts";
import { statusTable } from "../ui/status.ts";
import { compose as exportCompose } from "./compose.ts";
import { build, drift, open, preview, up } from "./deploy.ts";
import { logs, prune, ps, psql, restart, secret, shell } from "./everyday.ts";
import { rollback } from "./rollback.ts";
import { rotate } from "./rotate.ts";

/** Builds first, so that every image that the file names is there. */
const compose: Command = async (args) => (await build(args)) || exportCompose(args);

const down: Command = async ({ stack }) => {
  await requireDocker();
  const { progress, engine } = open(stack);
  try {
    const outcome = await engine.down();
    for (const error of outcome.errors) print(error);
    const volumes = await volumesOf(stack);
    print(
      volumes.length > 0
        ? `\nThe stack is down; its data is kept in ${volumes.join(", ")}.\n` +
            `make up STACK=${stack} finds it again; make destroy-data STACK=${stack} CONFIRM=${stack} deletes it for good.`
        : "\nThe stack is down; it has no data.",
    );
    return outcome.ok ? 0 : 1;
  } finally {
    progress.end();
  }
};

const destroyData: Command = async ({ stack, confirm }) => {
  await requireDocker();
  const volumes = await volumesOf(stack);
  if (confirm !== stack) {
    throw new Failure(
      `This deletes the data of stack "${stack}" for good: ${volumes.join(", ") || "no volumes"}.`,
      `Say so: make destroy-data STACK=${stack} CONFIRM=${stack}`,
    );
  }
  const { progress, engine } = open(stack);
  try {
    const outcome = await engine.forget();
    for (const error of outcome.errors) print(error);
    if (!outcome.ok) return 1;
    if (volumes.length > 0) await docker("volume", "rm", ...volumes);
    forgetVolumes(stack);
    print(`Deleted: ${volumes.join(", ") || "nothing was left"}.`);
    return 0;
  } finally {
    progress.end();
  }
};

async function volumesOf(stack: string): Promise<string[]> {
  const filters = [`label=ragdock.project=${project}`, `label=ragdock.stack=${stack}`].flatMap((f) => [
    "--filter",
    f,
  ]);
  return (await docker("volume", "ls", "-q", ...filters)).split("\n").filter(Boolean);
}

const outputs: Command = async ({ stack, showSecrets }) => {
  const { progress, engine } = open(stack);
  progress.end();
  print(JSON.stringify(await engine.outputs(showSecrets), null, 2));
  return 0;
};

const status: Command = async ({ stack }) => {
  await requireDocker();
  const { text, well } = await statusTable(stack, systemOf(stack, print), true);
  print(text);
  return well ? 0 : 1;
};

const health: Command = async ({ stack }) => {
  await requireDocker();
  const troubles = await diagnose(stack);
  const all = await containersOf(stack);
  if (all.length === 0)
    throw new Failure(`Stack "${stack}" does not run.`, `Start it: make up STACK=${stack}`);
  print(
    troubles.length > 0 ? troubles.join("\n\n") : `All ${all.filter(isWell).length} containers are well.`,
  );
  return troubles.length > 0 ? 1 : 0;
};

/** Takes the stack down and removes what was built for it; data stays. */
const clean: Command = async (args) => {
  const code = await down(args);
  if (code !== 0) return code;
  rmSync(join(projectDir, buildLogs), { recursive: true, force: true });
  return prune(args);
};

/** Every command, by the name that `make` gives it. */
export const commands: Readonly<Record<string, Command>> = {
  up,
  rollback,
  preview,
  drift,
  build,
  compose,
  down,
  clean,
  "destroy-data": destroyData,
  backup,
  backups: listBackups,
  restore,
  drill,
  "upgrade-postgres": upgradePostgres,
  outputs,
  status,
  health,
  ps,
  logs,
  restart,
  shell,
  psql,
  secret,
  rotate,
  prune,
};
