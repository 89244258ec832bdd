import { join } from "node:path";
import { fullName } from "../../config/spec/stack.ts";
import type { Container } from "../../host/docker.ts";
import { project } from "../../host/paths.ts";
import type { BackedUp } from "./manifest.ts";
import { differences, Postgres } from "./postgres.ts";
import { Volume } from "./volume.ts";

/** Names beside the live data: a database's, and a folder's in a volume. */
const next = "ragdock_restore_new";
const old = "ragdock_restore_old";

/** Entries of a dump that exist in the live database alone: pg_cron's extension is refused in any other. */
const bound = /\b(pg_cron|cron)\b/;

/** One part of a backup on its way into a stack: read in beside what is there, then swapped with it. */
export class Incoming {
  readonly server: Postgres;
  private readonly part: BackedUp;
  private readonly file: string;
  private readonly volume: string;
  private readonly image: string;

  constructor(stack: string, part: BackedUp, container: Container, folder: string) {
    this.part = part;
    this.server = new Postgres(container.Id);
    this.file = join(folder, part.file);
    this.volume = fullName({ project, stack }, part.volume);
    this.image = container.Image;
  }

  /** Reads the part in and compares it with the manifest; what is live is not touched. */
  async prepare(): Promise<void> {
    await this.clear();
    if (this.part.kind === "files") {
      await this.inVolume((volume) => volume.unpack(this.file, next));
      return;
    }
    await this.server.ensureRoles(this.part.roles ?? []);
    await this.server.createDatabase(next);
    const entries = await this.server.entries(this.file);
    const here = entries.filter((entry) => !isBound(entries, entry));
    await this.server.restore(this.file, next, here.join("\n"));
    const wrong = differences(this.part.tables ?? {}, await this.server.tables(next));
    if (wrong.length > 0)
      throw new Error(`the restored database is not that of the backup:\n${wrong.join("\n")}`);
  }

  /** Puts the new data in the place of the old, which stays beside it. */
  async swap(): Promise<void> {
    if (this.part.kind === "files") {
      const { own = [] } = this.part;
      await this.inVolume((volume) => volume.swap(next, old, own));
      return;
    }
    await this.server.swap(next, old);
    const entries = await this.server.entries(this.file);
    const late = entries.filter((entry) => isBound(entries, entry));
    if (late.length === 0) return;
    try {
      await this.server.restore(this.file, await this.server.database(), late.join("\n"));
    } catch (error) {
      await this.swapBack();
      throw error;
    }
  }

  /** Puts the old data back where it was. */
  async swapBack(): Promise<void> {
    if (this.part.kind === "files") {
      const { own = [] } = this.part;
      await this.inVolume((volume) => volume.swap(old, next, own));
    } else await this.server.swap(old, next);
  }

  /** Removes whatever is not live. */
  async clear(): Promise<void> {
    if (this.part.kind === "files") {
      await this.inVolume(async (volume) => {
        for (const folder of [next, old]) await volume.remove(folder);
      });
      return;
    }
    for (const database of [next, old]) await this.server.dropDatabase(database);
  }

  private inVolume<T>(work: (volume: Volume) => Promise<T>): Promise<T> {
    return Volume.open(this.volume, this.image, "rw", work);
  }
}

const isBound = (entries: readonly string[], entry: string): boolean =>
  entries.some((one) => /EXTENSION - pg_cron\b/.test(one)) && bound.test(entry);
