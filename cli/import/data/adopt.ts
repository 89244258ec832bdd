import prettyBytes from "pretty-bytes";
import { imagePlan } from "../../../components/image-plan.ts";
import { Failure } from "../../../config/spec/failure.ts";
import { longRunning, type SystemSpec } from "../../../config/spec/service.ts";
import { fullName } from "../../../config/spec/stack.ts";
import { ensureBaseImage } from "../../../host/base-image.ts";
import { volumesNamed } from "../../../host/docker.ts";
import { project } from "../../../host/paths.ts";
import { print } from "../../command.ts";
import { present } from "../../data/upgrade.ts";
import { imageModeOf, reachableSystem } from "../../system.ts";
import { isOptionalStore } from "../optional-stores.ts";
import type { ComposeProject } from "../read.ts";
import type { World } from "../world.ts";
import type { WrittenStack } from "../write/stack.ts";
import { copyAll, createVolume, isEmpty, lookAt, usersOf } from "./copy.ts";
import { postgresRefusal, type Refusal, redisRefusal, storeDataRefusal } from "./refusals.ts";
import { projectName, type Source, sourcesOf } from "./sources.ts";

interface Wish {
  readonly stack: string;
  /** The Compose file, as the commands in messages name it: quoted for a shell. */
  readonly file: string;
  /** The options of make for the stack. */
  readonly on: string;
}

/**
 * Copies the data of a Compose project into the volumes of the stack that was created from it, and
 * compares both. The old data stays.
 * @returns the exit code: 1 if something was not copied
 */
export async function adoptData(world: World, written: WrittenStack, wish: Wish): Promise<number> {
  const system = await reachableSystem(wish.stack);
  const sources = sourcesOf(world.project, written.existing);
  if (sources.length === 0) {
    print("The Compose project keeps no data.");
    return 0;
  }
  const volumes = sources.flatMap(({ source, isFolder }) => (isFolder ? [] : [source]));
  const there = await volumesNamed(volumes);
  const missing = [...new Set(volumes.filter((volume) => !there.has(volume)))];
  const found = sources.filter(({ source }) => !missing.includes(source));
  if (found.length === 0) {
    print(missingText(world.project, missing, wish.on));
    return 1;
  }
  const image = await toolsOf(system);
  const refusals: string[] = [];
  for (const source of found) {
    const refusal = await adopt(source, world, system, image, wish);
    if (!refusal) continue;
    refusals.push(source.source);
    print(`${source.source}: not copied. ${refusal.why}`);
    for (const command of refusal.commands) print(`    $ ${command}`);
  }
  if (refusals.length > 0)
    print(`\nNot copied: ${refusals.join(", ")}. The lines above give the reasons and the fixes.`);
  if (missing.length > 0) print(`\n${missingText(world.project, missing, wish.on)}`);
  if (refusals.length + missing.length === 0)
    print(
      `\nAll data is copied. The old volumes and folders are unchanged. Start the stack: make up ${wish.on}`,
    );
  return refusals.length + missing.length === 0 ? 0 : 1;
}

/** Says which volumes Docker does not have. Their names begin with the name of the Compose project. */
export const missingText = (project: ComposeProject, missing: readonly string[], on: string): string =>
  `Not copied, because Docker has no such volume: ${missing.join(", ")}. \`docker volume ls\` shows the names of volumes. ` +
  `If the project had a different name than ${projectName(project)}, set COMPOSE_PROJECT_NAME and run the same command again. ` +
  `If the project never had data, start the stack: make up ${on}`;

/** An image with a shell, tar and find, which the stack needs anyway. */
async function toolsOf(system: SystemSpec): Promise<string> {
  const server = longRunning(system.services).find(({ role }) => role === "postgres");
  if (!server)
    throw new Error("The copy needs the tools in PostgreSQL's image, and the stack has no PostgreSQL.");
  if (system.images === "packages") await ensureBaseImage(print);
  return present(imagePlan(server.image, await imageModeOf(system)), print);
}

async function adopt(
  source: Source,
  world: World,
  system: SystemSpec,
  image: string,
  wish: Wish,
): Promise<Refusal | undefined> {
  const mounts = { from: source.source, isFolder: source.isFolder };
  const users = await usersOf(mounts);
  if (users.length > 0)
    throw new Failure(
      `${source.source} is in use by ${users.join(", ")}. If files change during the copy, the copy is damaged.`,
      `Run: docker compose -f ${wish.file} stop`,
    );
  const refused = await refusalOf(source, world, system, image, wish);
  if (refused) return refused;
  const to = fullName({ project, stack: wish.stack }, targetOf(source, system));
  await createVolume(wish.stack, to);
  if (!(await isEmpty(image, to)))
    return {
      why: `The volume ${to} already contains files. If the files are not needed, delete the volume and run the same command again:`,
      commands: [`make down ${wish.on}`, `docker volume rm ${to}`],
    };
  const { files, bytes, checksum } = await copyAll(image, { ...mounts, to });
  print(
    `${source.source}: copied to ${to} and compared: ${files} files, ${prettyBytes(bytes)}, SHA-256 ${checksum.slice(0, 16)}….`,
  );
  return undefined;
}

async function refusalOf(
  { service, source, isFolder }: Source,
  { stores }: World,
  system: SystemSpec,
  image: string,
  { file, on }: Wish,
): Promise<Refusal | undefined> {
  const store = stores.find(({ is }) => is === service);
  if (!store) return undefined;
  const found = await lookAt(image, { from: source, isFolder });
  const version = longRunning(system.services).find(({ role }) => role === "postgres")?.postgresVersion ?? "";
  if (store.is === "postgres") return postgresRefusal(store.service, found, { version, file, on });
  if (isOptionalStore(store.is)) return storeDataRefusal(store.is, store.service, { file, on });
  return store.is === "redis" ? redisRefusal(store.service, found, { version, file, on }) : undefined;
}

/** The volume of the stack. The volume of a store has the name that the system gives it. */
function targetOf({ service, volume }: Source, system: SystemSpec): string {
  const store = longRunning(system.services).find(
    ({ name, role }) => name === service && [service, "store"].includes(role),
  );
  return store?.volumes[0]?.volume ?? volume;
}
