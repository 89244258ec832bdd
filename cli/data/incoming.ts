import { join } from "node:path";
import { fullName } from "../../config/spec/stack.ts";
import { type Container, withThisDocker } from "../../host/docker.ts";
import { project } from "../../host/paths.ts";
import type { BackedUp } from "./manifest.ts";
import { Postgres } from "./postgres.ts";
import { Volume } from "./volume.ts";

/** Temporary names next to the live data: of a database, and of a folder in a volume. */
const next = "ragdock_restore_new";
const old = "ragdock_restore_old";

/**
 * Entries of a dump that can exist only in the live database, because the extension pg_cron works
 * in one database of a server.
 */
const bound = /\b(pg_cron|cron)\b/;

/** One part of a backup that is being restored. */
export interface Replacement {
  readonly name: string;
  /** Whether an earlier swap was interrupted, so that the data may be the only copy. */
  readonly torn: boolean;
  /** Reads the part and compares it with the manifest. The live data is not changed. */
  prepare(): Promise<void>;
  /** Makes the new data live. */
  swap(): Promise<void>;
  /** Makes the old data live again. */
  swapBack(): Promise<void>;
  /** Removes the data that is not live. */
  clear(): Promise<void>;
}

/**
 * One part of a backup that is being restored: it is read in next to the live data, and then
 * swapped with it.
 */
export class Incoming implements Replacement {
  readonly server: Postgres;
  readonly name: string;
  private readonly part: BackedUp;
  private readonly file: string;
  private readonly volume: string;
  private readonly image: string;
  /** Whether an earlier swap was interrupted. `old` can then contain the only copy of the data. */
  torn = false;

  constructor(stack: string, part: BackedUp, container: Pick<Container, "Id" | "Image">, folder: string) {
    this.part = part;
    this.name = part.volume;
    this.server = new Postgres(container.Id);
    this.file = join(folder, part.file);
    this.volume = fullName({ project, stack }, part.volume);
    this.image = container.Image;
  }

  /**
   * Reads the part next to the live data and compares it with the manifest. The live data is not
   * changed.
   */
  async prepare(): Promise<void> {
    await this.refuseOld();
    await this.clear();
    if (this.part.kind === "files") {
      await this.inVolume((volume) => volume.unpack(this.file, next));
      return;
    }
    await this.server.createDatabase(next);
    const entries = await this.server.entries(this.file);
    const here = entries.filter((entry) => !isBound(entries, entry));
    const differs = "The restored database differs from the backup";
    await this.server.restoreSame(this.part, this.file, differs, next, here.join("\n"));
  }

  /** Makes the new data live. The old data stays next to it. */
  async swap(): Promise<void> {
    await this.exchange(next, old);
    if (this.part.kind === "files") return;
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

  /** Makes the old data live again. */
  async swapBack(): Promise<void> {
    await this.exchange(old, next);
  }

  /** Removes the data that is not live. After a swap that did not finish, the old data stays. */
  async clear(): Promise<void> {
    const names = this.torn ? [next] : [next, old];
    if (this.part.kind === "files") {
      await this.inVolume(async (volume) => {
        for (const folder of names) await volume.remove(folder);
      });
      return;
    }
    for (const database of names) await this.server.dropDatabase(database);
  }

  /**
   * Exchanges the live data and other data. PostgreSQL does it in one transaction, a volume file by
   * file.
   */
  private async exchange(from: string, to: string): Promise<void> {
    if (this.part.kind === "postgres") return this.server.swap(from, to);
    const { own = [] } = this.part;
    this.torn = true;
    await this.inVolume((volume) => volume.swap(from, to, own));
    this.torn = false;
  }

  /**
   * Refuses to begin after an interrupted restore, because the data that it left may be the only
   * copy.
   */
  private async refuseOld(): Promise<void> {
    const found =
      this.part.kind === "files"
        ? await this.inVolume((volume) => volume.has(old))
        : await this.server.hasDatabase(old);
    if (!found) return;
    this.torn = true;
    throw new Error(
      `${this.name} has ${this.part.kind === "files" ? "a folder" : "a database"} ${old} from an earlier restore that did not finish. ` +
        "This may be the only copy of that data. Save or delete it first.",
    );
  }

  private inVolume<T>(work: (volume: Volume) => Promise<T>): Promise<T> {
    return Volume.open(this.volume, this.image, "rw", work);
  }
}

/** A replacement whose commands go to the Docker that is in use now, wherever it is called. */
export function withItsDocker(one: Replacement): Replacement {
  const there = withThisDocker();
  return {
    name: one.name,
    get torn() {
      return one.torn;
    },
    prepare: () => there(() => one.prepare()),
    swap: () => there(() => one.swap()),
    swapBack: () => there(() => one.swapBack()),
    clear: () => there(() => one.clear()),
  };
}

const isBound = (entries: readonly string[], entry: string): boolean =>
  entries.some((one) => /EXTENSION - pg_cron\b/.test(one)) && bound.test(entry);
