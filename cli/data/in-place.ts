import { join } from "node:path";
import type { SystemSpec } from "../../config/spec/service.ts";
import { rehearse } from "./drill.ts";
import type { Replacement } from "./incoming.ts";
import type { BackedUp, Backup } from "./manifest.ts";
import type { Postgres } from "./postgres.ts";
import { withPostgres } from "./servers.ts";

/**
 * The database of a server outside of the stack that is being restored. Its role may create no
 * other database there, so the tables are replaced in one transaction. Before that, the backup is
 * restored into a temporary server and compared.
 * @param before the backup of the data that is replaced
 */
export function inPlace(
  stack: string,
  system: SystemSpec,
  part: BackedUp & { kind: "postgres" },
  file: string,
  before: Backup,
): Replacement {
  const run = (work: (server: Postgres) => Promise<void>): Promise<void> =>
    withPostgres(stack, system, part, work);
  const swapBack = async (): Promise<void> => {
    const old = before.manifest.parts.find(({ service }) => service === part.service);
    if (old) await run((server) => server.replace(join(before.folder, old.file)));
  };
  return {
    name: part.volume,
    torn: false,
    prepare: async () => void (await rehearse(stack, system, part, file)),
    swap: async () => {
      await run((server) => server.replace(file));
      try {
        await run((server) => server.requireRows(part));
      } catch (error) {
        await swapBack();
        throw error;
      }
    },
    swapBack,
    // Nothing lies next to the live data.
    clear: async () => {},
  };
}
