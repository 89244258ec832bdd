import { loginOfStore } from "../fates.ts";
import { variablesIn } from "../hosts.ts";
import { type OptionalStore, tagOf } from "../kinds.ts";
import { optionalStore, versionOf } from "../optional-stores.ts";
import type { ComposeService } from "../read.ts";
import { at, textOf } from "../tree.ts";

/** The facts about a volume that decide whether a store of the stack can use it. */
export interface Found {
  /** The major version of PostgreSQL, and the folder of its data: `.` or `18/docker`. */
  readonly postgres?: { readonly version: string; readonly folder: string };
  /** Whether Redis wrote an append-only file. */
  readonly appendOnly: boolean;
}

/** Why data cannot be copied, and the commands that move it. */
export interface Refusal {
  readonly why: string;
  readonly commands: readonly string[];
}

interface Target {
  /** The major version of the stack's PostgreSQL. */
  readonly version: string;
  /** The Compose file. */
  readonly file: string;
  /** The options of make for the stack. */
  readonly on: string;
}

const database = "rag";

/**
 * Why PostgreSQL of the stack could not use the files of an old one. Sorting differs between the C
 * libraries of Alpine and Debian, so indexes would be wrong.
 */
export function postgresRefusal(
  service: ComposeService,
  { postgres }: Found,
  { version, file, on }: Target,
): Refusal | undefined {
  const login = loginOfStore(service);
  const image = textOf(at(service.tree, "image")) ?? "";
  const layout = Number(version) >= 18 ? `${version}/docker` : ".";
  const why = !postgres
    ? "The volume has no data of PostgreSQL in the folder that its image uses."
    : postgres.version !== version
      ? `The data belongs to PostgreSQL ${postgres.version}, and the stack runs ${version}.`
      : postgres.folder !== layout
        ? `The data is in the folder ${postgres.folder}, and the stack's PostgreSQL uses ${layout}.`
        : /alpine/.test(tagOf(image) ?? "")
          ? "The image is based on Alpine, which sorts text differently from the stack's image."
          : login.database !== database
            ? `The database is called ${login.database}, and the stack's database is called ${database}.`
            : undefined;
  if (why === undefined) return undefined;
  const dump = `pg_dump --no-owner --no-acl --no-comments -U ${login.user} ${login.database}`;
  return {
    why,
    commands: [
      `docker compose -f ${file} up -d --wait ${service.name}`,
      `docker compose -f ${file} exec -T ${service.name} ${dump} > dump.sql`,
      `docker compose -f ${file} stop`,
      `make up ${on}`,
      `make psql ${on} < dump.sql`,
    ],
  };
}

/** Why Redis of the stack would start empty with the files of an old one. */
export function redisRefusal(
  { name }: ComposeService,
  { appendOnly }: Found,
  { file }: Target,
): Refusal | undefined {
  if (appendOnly) return undefined;
  return {
    why: "The stack's Redis reads an append-only file, and the volume has none. Let the old Redis write one, then run the same command again:",
    commands: [
      `docker compose -f ${file} up -d --wait ${name}`,
      `docker compose -f ${file} exec ${name} redis-cli CONFIG SET appendonly yes`,
      `docker compose -f ${file} stop`,
    ],
  };
}

/**
 * Why a store that the stack runs on request could not use the files of an old one. MinIO reads the
 * files of every release that the import takes.
 */
export function storeDataRefusal(
  store: OptionalStore,
  service: ComposeService,
  { file, on }: Pick<Target, "file" | "on">,
): Refusal | undefined {
  const { title, ours, database: name } = optionalStore[store];
  const values: Readonly<Record<string, string | undefined>> = Object.fromEntries(variablesIn(service));
  const old = values.MYSQL_DATABASE;
  if (store === "mysql" && old !== undefined && old !== name) {
    const login = values.MYSQL_ROOT_PASSWORD
      ? '-uroot -p"$MYSQL_ROOT_PASSWORD"'
      : '-u"$MYSQL_USER" -p"$MYSQL_PASSWORD"';
    const dump = `exec mysqldump --no-tablespaces --single-transaction ${login} ${old}`;
    const load = `exec mysql --defaults-extra-file=/run/secrets/client.cnf ${name}`;
    return {
      why: `The database is called ${old}, and the stack's database is called ${name}.`,
      commands: [
        `docker compose -f ${file} up -d --wait ${service.name}`,
        `docker compose -f ${file} exec -T ${service.name} sh -c '${dump}' > dump.sql`,
        `docker compose -f ${file} stop`,
        `make up ${on}`,
        `docker exec -i "$(docker ps -q -f label=ragdock.stack=${stackIn(on)} -f label=ragdock.service=mysql)" sh -c '${load}' < dump.sql`,
      ],
    };
  }
  if (store === "minio" || versionOf(service) !== undefined) return undefined;
  return {
    why: `The Compose file names no version of ${title}, and the stack runs ${ours}. Files of another version could be damaged. Write the version that now runs into the Compose file. Then run the import again with --force:`,
    commands: [`docker compose -f ${file} images ${service.name}`],
  };
}

/** The stack in the options of make. */
const stackIn = (on: string): string => /STACK=(\S+)/.exec(on)?.[1] ?? "";
