import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { imagePlan } from "../../../components/image-plan.ts";
import { Failure } from "../../../config/spec/failure.ts";
import { shellWord } from "../../../config/spec/message.ts";
import type { ServiceSpec, SystemSpec } from "../../../config/spec/service.ts";
import { fullName } from "../../../config/spec/stack.ts";
import { ensureBaseImage } from "../../../host/base-image.ts";
import { project } from "../../../host/paths.ts";
import { digestOf, exec, pipe } from "../../../host/pipe.ts";
import { print, startFolder } from "../../command.ts";
import { takeBackup } from "../../data/backup.ts";
import { startAgain, stopAround } from "../../data/clients.ts";
import { requireInside } from "../../data/external.ts";
import { type Part, partsOf } from "../../data/parts.ts";
import { Postgres, rowsOf } from "../../data/postgres.ts";
import { containerFor } from "../../data/servers.ts";
import { present } from "../../data/upgrade.ts";
import { Volume } from "../../data/volume.ts";
import { withProgress } from "../../session.ts";
import { imageModeOf, reachableSystem } from "../../system.ts";
import type { Progress } from "../../ui/progress.ts";
import { size } from "../../ui/text.ts";
import { createVolume, isEmpty } from "./copy.ts";
import { isCustomDump, missingRows, requireDump, rowsInDump } from "./dump.ts";

/** What a user asks to import. */
export interface ImportWish {
  readonly stack: string;
  readonly path: string;
  readonly service: string;
  /** The short name of the volume. @default the only one of the service */
  readonly volume: string | undefined;
  readonly confirm: string | undefined;
}

/**
 * Puts an existing folder into a volume of a stack, or a dump into its PostgreSQL, and compares
 * both. @returns the exit code
 */
export async function importData(wish: ImportWish): Promise<number> {
  const path = resolve(startFolder, wish.path);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new Failure(`${wish.path} does not exist.`, "Name a folder, or a dump of PostgreSQL.");
  const system = await reachableSystem(wish.stack);
  const part = chosenPart(system, wish);
  if (part.kind === "files" && !found.isDirectory())
    throw new Failure(`${wish.path} is not a folder.`, "Name the folder that has the files of the volume.");
  if (part.kind === "postgres" && found.isDirectory())
    throw new Failure(
      `${wish.path} is a folder, and ${part.service} takes a dump.`,
      "PostgreSQL's files work only with the same version and the same roles. Create a dump instead: pg_dump --no-owner --no-privileges > dump.sql",
    );
  if (part.kind === "postgres") await requireDump(path, wish.path);
  const line = await withProgress(wish.stack, (progress) =>
    part.kind === "postgres"
      ? importDump(path, system, part, wish, progress)
      : importFolder(path, system, part, wish, progress),
  );
  print(line);
  return 0;
}

/** The part of the data that the user names. @throws Failure that lists the existing parts */
export function chosenPart(
  system: SystemSpec,
  { service, volume }: Pick<ImportWish, "service" | "volume">,
): Part {
  const parts = partsOf(system).filter((part) => part.kind === "files" || !part.external);
  const own = parts.filter((part) => part.service === service);
  const [part, ...more] = own.filter((one) => volume === undefined || one.volume === volume);
  if (part && more.length === 0) return part;
  requireInside(
    system,
    ({ name }) => name === service,
    ({ host, port }) =>
      `Import the data on that server: the people who run it give access to ${host}:${port}.`,
  );
  const choices = (own.length > 0 ? own : parts).map(
    (one) => `--service ${one.service} --volume ${one.volume}`,
  );
  throw new Failure(
    part
      ? `${service} has several volumes.`
      : service === ""
        ? "The service that gets the data is missing."
        : `${system.name} has no data volume with this name.`,
    `Choose one: ${choices.join("; ") || "the system keeps no data"}`,
  );
}

/** The command that repeats an import and confirms that it replaces data. */
export function confirmCommand({ stack, path, service, volume }: ImportWish): string {
  const part = `--service ${service}${volume === undefined ? "" : ` --volume ${volume}`}`;
  return `./ragdock data import ${shellWord(path)} ${part} --stack ${stack} --confirm ${stack}`;
}

/** Backs up the current data before it is replaced. Refuses to replace it without a confirmation. */
async function requireReplaceable(
  what: string,
  system: SystemSpec,
  wish: ImportWish,
  progress: Progress,
): Promise<void> {
  const { stack } = wish;
  if (wish.confirm !== stack)
    throw new Failure(
      `${what} already contains data. Nothing was changed.`,
      `The current data is backed up first. Confirm: ${confirmCommand(wish)}`,
    );
  const { folder } = await takeBackup(stack, system, progress);
  progress.line(`the current data is backed up in ${folder}`);
}

/**
 * Replaces the files of a volume with those of a folder. The user of the service becomes their
 * owner.
 */
async function importFolder(
  path: string,
  system: SystemSpec,
  part: Part & { kind: "files" },
  wish: ImportWish,
  progress: Progress,
): Promise<string> {
  const { stack } = wish;
  const image = await imageOf(system, part.tools ?? part.service);
  const volume = fullName({ project, stack }, part.volume);
  const folder = mkdtempSync(join(tmpdir(), "ragdock-import-"));
  const archive = join(folder, "data.tar");
  const clean = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", clean);
  try {
    await createVolume(stack, volume);
    if (!(await isEmpty(image, volume))) await requireReplaceable(volume, system, wish, progress);
    const user = system.services.find(({ name }) => name === part.service)?.user;
    const { bytes, sha256 } = await progress.step(`reading ${basename(path)}`, () =>
      pipe("tar", ["-C", path, "--sparse", ...ownedBy(user), "-cf", "-", "."], { output: archive }),
    );
    const stopped = await stopAround(stack, system, [part], progress);
    const copy = async (opened: Volume): Promise<number> => {
      const count = await opened.check(archive);
      await opened.unpack(archive, incoming);
      await opened.swap(incoming, replaced, part.own ?? []);
      await opened.remove(replaced);
      return count;
    };
    const files = await progress
      .step(`copying into ${volume} and comparing`, () => Volume.open(volume, image, "rw", copy))
      .finally(() => progress.step("starting the clients", () => startAgain(stack, system, stopped)));
    const owner = user ? `, owned by ${user}` : "";
    return `\nImported into ${volume} and compared: ${files} files and folders${owner}, ${size(bytes)}, SHA-256 ${sha256.slice(0, 16)}….`;
  } finally {
    clean();
    process.off("exit", clean);
  }
}

/** Folders of the volume during the import. */
const incoming = ".ragdock-incoming";
const replaced = ".ragdock-replaced";

/** The options with which tar writes another owner. Without a known user, the owners stay. */
export function ownedBy(user: string | undefined): string[] {
  const [uid, gid = uid] = user?.split(":") ?? [];
  return uid && gid && /^\d+$/.test(uid + gid)
    ? [`--owner=:${uid}`, `--group=:${gid}`, "--numeric-owner"]
    : ["--numeric-owner"];
}

/** An image with the tools, which the stack needs anyway. */
async function imageOf(system: SystemSpec, service: string): Promise<string> {
  const { image } = system.services.find(({ name }) => name === service) as ServiceSpec;
  if (system.images === "packages") await ensureBaseImage(print);
  return present(imagePlan(image, await imageModeOf(system)), print);
}

/** Runs a dump in one transaction as the owner of the database, and counts what it brought. */
async function importDump(
  path: string,
  system: SystemSpec,
  part: Part & { kind: "postgres" },
  wish: ImportWish,
  progress: Progress,
): Promise<string> {
  const { Id } = await containerFor(wish.stack, part);
  const server = new Postgres(Id);
  const before = await server.tables();
  if (rowsOf(before) > 0) await requireReplaceable(part.service, system, wish, progress);
  const owner = system.services.flatMap((s) =>
    s.kind !== "job" && s.name === part.service && s.database ? [s.database] : [],
  )[0];
  if (!owner) throw new Error(`${part.service} has no database.`);
  const login = ["-U", owner.user, "-d", owner.name];
  const isCustom = await isCustomDump(path);
  const restore = ["pg_restore", "--no-owner", "--no-privileges", "--no-comments", "--exit-on-error"];
  const program = isCustom ? restore : ["psql", "-qX", "-v", "ON_ERROR_STOP=1"];
  await progress
    .step(`running ${basename(path)} as ${owner.user}`, () =>
      exec(Id, [...program, "--single-transaction", ...login], { input: { file: path } }),
    )
    .catch((error: Error) => {
      throw new Failure(
        `The dump was not imported, and nothing was changed: ${error.message}`,
        "A dump must not name roles or privileges of its server, and its tables must not exist yet. Create the dump with: pg_dump --no-owner --no-privileges --no-comments",
      );
    });
  const after = await server.tables();
  const { rows, sha256 } = await progress.step("comparing", () => contentOf(Id, path, isCustom));
  const wrong = missingRows(rows, before, after);
  if (wrong.length > 0) throw new Failure(`Rows are missing:\n${wrong.join("\n")}`, "Check the dump.");
  const tables = Object.keys(after).length - Object.keys(before).length;
  const compared = Object.values(rows).reduce((sum, count) => sum + count, 0);
  return (
    `\nImported into ${part.service}: ${rowsOf(after) - rowsOf(before)} rows, of which ${compared} were counted in the dump, ` +
    `${tables} new tables, owned by ${owner.user}, SHA-256 of the dump ${sha256.slice(0, 16)}….`
  );
}

/** The rows of a dump by table, and its digest. A custom dump is turned into SQL for it. */
async function contentOf(container: string, path: string, isCustom: boolean) {
  const { sha256 } = await digestOf(path);
  if (!isCustom) return { rows: await rowsInDump(path), sha256 };
  const folder = mkdtempSync(join(tmpdir(), "ragdock-import-"));
  const output = join(folder, "dump.sql");
  try {
    await exec(container, ["pg_restore", "--data-only", "-f", "-"], { input: { file: path }, output });
    return { rows: await rowsInDump(output), sha256 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
