import { command, serviceOption, stackOption } from "../command.ts";
import { backUp, listBackups } from "../data/backup.ts";
import { drillBackup } from "../data/drill.ts";
import { restoreBackup } from "../data/restore.ts";
import { upgradePostgres } from "../data/upgrade.ts";
import { importData } from "../import/data/import.ts";

const from = {
  flags: "--from <backup>",
  description: "a folder, a time, or <stack>/<time>; by default the newest that no restore made",
} as const;

export const backup = command({
  name: "backup",
  summary: "Copy all data into .ragdock/backups, while the stack serves requests",
  options: {
    stack: stackOption,
    keep: {
      flags: "--keep <count>",
      description: "how many backups to keep; older ones are removed. Those that a restore made do not count",
    },
  },
  examples: ["backup", "backup --stack prod --keep 7"],
  run: ({ stack, keep }) => backUp(stack, keep),
});

export const backups = command({
  name: "backups",
  summary: "List the backups of a stack: age, size, what made them, drills",
  options: { stack: stackOption },
  examples: ["backups"],
  run: async ({ stack }) => listBackups(stack),
});

export const restore = command({
  name: "restore",
  summary: "Replace the data with the data of a backup",
  details:
    "The backup is read in and compared while the stack serves requests. The current data is backed up first",
  options: {
    stack: stackOption,
    from,
    confirm: { flags: "--confirm <stack>", description: "repeat the stack's name" },
  },
  examples: [
    "restore --confirm dev",
    "restore --stack staging --from prod/2026-11-26T02-00-00Z --confirm staging",
  ],
  run: ({ stack, from, confirm }) => restoreBackup(stack, from, confirm),
});

export const drill = command({
  name: "drill",
  summary: "Restore a backup next to the stack and compare all of its data",
  options: { stack: stackOption, from },
  examples: ["drill"],
  run: ({ stack, from }) => drillBackup(stack, from),
});

export const upgrade = command({
  name: "upgrade-postgres",
  summary: "Upgrade the data to another major version of PostgreSQL; the old volume stays",
  options: {
    stack: stackOption,
    version: { flags: "--version <major>", description: "the major version, such as 18" },
  },
  examples: ["upgrade-postgres --version 18"],
  run: ({ stack, version = "" }) => upgradePostgres(stack, version),
});

export const dataImport = command({
  name: "data import",
  summary: "Put an existing data folder into a volume, or a dump into PostgreSQL, and compare",
  details:
    "The user of the service becomes the owner of the files. A dump is read in one transaction, by psql or pg_restore as the owner of the database. Existing data is replaced only with --confirm, after a backup. The tables of a dump are added",
  options: {
    path: {
      flags: "[path]",
      description: "a folder, or a dump in SQL or in PostgreSQL's custom format",
      default: ".",
    },
    stack: stackOption,
    service: { ...serviceOption, description: "the service that has the data" },
    volume: { flags: "--volume <name>", description: "the volume, if the service has several" },
    confirm: { flags: "--confirm <stack>", description: "repeat the stack's name, to replace data" },
  },
  examples: ["data import ../my-rag/data --service api", "data import dump.sql --service postgres"],
  run: ({ stack, path, service = "", volume, confirm }) =>
    importData({ stack, path, service, volume, confirm }),
});
