import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Tables } from "../../data/manifest.ts";

/** Whether a file is a dump of `pg_dump --format=custom`. */
export async function isCustomDump(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(5), 0, 5, 0);
    return buffer.toString("latin1") === "PGDMP";
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
