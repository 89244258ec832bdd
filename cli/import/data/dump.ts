import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { Failure } from "../../../config/spec/failure.ts";
import { shellWord } from "../../../config/spec/message.ts";
import type { Tables } from "../../data/manifest.ts";

/** Whether a file is a dump of `pg_dump --format=custom`. */
export const isCustomDump = async (file: string): Promise<boolean> => (await startOf(file)) === "PGDMP";

/**
 * Refuses a file that cannot be a dump, before anything is backed up.
 * @param given its path as the user named it
 */
export async function requireDump(file: string, given: string): Promise<void> {
  const start = await startOf(file);
  if (start === "")
    throw new Failure(`${given} is empty.`, "Create it again, and read the errors of pg_dump.");
  if (start.startsWith("\u001f\u008b"))
    throw new Failure(`${given} is compressed.`, `Unpack it first: gunzip --keep ${shellWord(given)}`);
}

/** The first five bytes of a file, or fewer if it has fewer. */
async function startOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(5), 0, 5, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** The rows that the `COPY` blocks of a dump in SQL have, by table with its schema. */
export async function rowsInDump(file: string): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  let table: string | undefined;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (table !== undefined) {
      if (line === "\\.") table = undefined;
      else found[table] = (found[table] ?? 0) + 1;
      continue;
    }
    const [, name] = /^COPY (\S+) .*FROM stdin;$/.exec(line) ?? [];
    if (!name) continue;
    table = name.replaceAll('"', "");
    found[table] ??= 0;
  }
  return found;
}

/**
 * The tables that did not get all rows of the dump. A table that the server does not list is left
 * out: the rows of a partitioned one are in its partitions.
 */
export const missingRows = (
  wanted: Readonly<Record<string, number>>,
  before: Tables,
  after: Tables,
): string[] =>
  Object.entries(wanted).flatMap(([table, rows]) => {
    const now = after[table];
    if (!now) return [];
    const added = now.rows - (before[table]?.rows ?? 0);
    return added === rows ? [] : [`${table}: ${added} rows instead of ${rows}`];
  });
