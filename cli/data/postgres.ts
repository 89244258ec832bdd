import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectDir } from "../../host/paths.ts";
import { exec, type Piped } from "../../host/pipe.ts";
import type { BackedUp, Table, Tables } from "./manifest.ts";

const sql = (name: string): string =>
  readFileSync(join(projectDir, "cli", "data", "sql", `${name}.psql`), "utf8");

/**
 * Connects as the role and to the database in the container's environment: through the server's
 * socket, or to the host that libpq's variables name.
 */
const client =
  '[ "$PGUSER" ] || export PGUSER="$POSTGRES_USER"; [ "$PGDATABASE" ] || export PGDATABASE="$POSTGRES_DB"; exec "$@"';

const psqlFlags = ["-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1"];

/**
 * A PostgreSQL server in a container, whose tools need no password and no port there. Or the tools
 * alone, for a server outside of the stack.
 */
export class Postgres {
  private readonly container: string;

  constructor(container: string) {
    this.container = container;
  }

  /**
   * Dumps what the role owns into a file, and counts the rows of the same snapshot.
   * @returns `others`: the names of the tables and views that it does not own, separated by commas
   */
  async dump(file: string): Promise<Piped & { readonly tables: Tables; readonly others: string }> {
    const piped = await this.psql(sql("dump") + sql("tables"), { output: file });
    const others = /^not owned\t(.*)$/m.exec(piped.stderr)?.[1] ?? "";
    return { ...piped, tables: readTables(piped.stderr), others };
  }

  /** The content of a database's tables. @param database @default the container's own */
  async tables(database?: string): Promise<Tables> {
    return readTables(await this.query(sql("tables"), database));
  }

  /** Reads the whole dump, as a restore does. */
  async check(file: string): Promise<void> {
    await this.run(["pg_restore", "--file=/dev/null"], { input: { file } });
  }

  /** Full and major version of the server, and its roles without the built-in ones. */
  async facts(): Promise<{ version: string; major: number; roles: string[] }> {
    const ask = "SHOW server_version; SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1;";
    const [version = "", ...roles] = (await this.query(ask)).split("\n");
    return { version, major: Number.parseInt(version, 10), roles };
  }

  /**
   * Restores a dump into a database, in one transaction.
   * @param list the entries to restore, from `entries` @default all
   * @param more options of pg_restore @default none, for an empty database
   */
  async restore(file: string, database: string, list?: string, more: readonly string[] = []): Promise<void> {
    const chosen = list === undefined ? [] : [`--use-list=${await this.keep(list)}`];
    const options = ["--single-transaction", "--exit-on-error", `--dbname=${database}`, ...chosen, ...more];
    await this.run(["pg_restore", ...options], { input: { file } });
  }

  /**
   * Restores a part of a backup into an empty database, with the roles that it needs, and compares
   * every row.
   * @param differs what an error says where they differ
   * @param database @default the container's own
   * @param list the entries to restore @default all
   */
  async restoreSame(
    { roles = [], tables = {} }: BackedUp,
    file: string,
    differs: string,
    database?: string,
    list?: string,
  ): Promise<void> {
    await this.ensureRoles(roles);
    await this.restore(file, database ?? (await this.database()), list);
    const wrong = differences(tables, await this.tables(database));
    if (wrong.length > 0) throw new Error(`${differs}:\n${wrong.join("\n")}`);
  }

  /**
   * Replaces what a dump holds, in one transaction. What the dump does not hold stays. Extensions
   * stay as they are, and all objects belong to the role that connects.
   */
  async replace(file: string): Promise<void> {
    const entries = await this.entries(file);
    const schemas = entries.flatMap((entry) => / SCHEMA - (\S+) /.exec(entry)?.[1] ?? []);
    for (const schema of schemas) await this.query(`CREATE SCHEMA IF NOT EXISTS ${identifier(schema)};`);
    const list = entries.filter((entry) => !/ (EXTENSION|SCHEMA|COMMENT) - /.test(entry)).join("\n");
    const options = ["--clean", "--if-exists", "--no-owner", "--no-privileges"];
    await this.restore(file, await this.database(), list, options);
  }

  /** Compares every row of the tables of a backup. The database may have more tables. */
  async requireRows({ tables = {} }: BackedUp): Promise<void> {
    const found = Object.entries(await this.tables()).filter(([name]) => name in tables);
    const wrong = differences(tables, Object.fromEntries(found));
    if (wrong.length > 0) throw new Error(`The restored tables differ from the backup:\n${wrong.join("\n")}`);
  }

  async entries(file: string): Promise<string[]> {
    const { stdout } = await this.run(["pg_restore", "--list"], { input: { file } });
    return stdout.split("\n").filter((line) => /^\d/.test(line));
  }

  /** Creates the roles that a dump needs and the server lacks. They cannot log in. */
  private async ensureRoles(roles: readonly string[]): Promise<void> {
    const here = new Set((await this.facts()).roles);
    for (const role of roles.filter((name) => !here.has(name))) {
      await this.query(`CREATE ROLE ${identifier(role)};`);
    }
  }

  async createDatabase(name: string): Promise<void> {
    await this.query(`CREATE DATABASE ${identifier(name)} TEMPLATE template0;`, "postgres");
  }

  async hasDatabase(name: string): Promise<boolean> {
    const ask = `SELECT 1 FROM pg_database WHERE datname = '${name}';`;
    return (await this.query(ask, "postgres")) !== "";
  }

  async dropDatabase(name: string): Promise<void> {
    await this.query(`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE);`, "postgres");
  }

  /** Renames the live database to `old`, and `next` to the live name. Ends the sessions of both. */
  async swap(next: string, old: string): Promise<void> {
    const names = ["-v", `live=${await this.database()}`, "-v", `new=${next}`, "-v", `old=${old}`];
    try {
      await this.psql(sql("swap"), { database: "postgres", names });
    } catch (error) {
      const live = identifier(await this.database());
      await this.query(`ALTER DATABASE ${live} WITH ALLOW_CONNECTIONS true;`, "postgres");
      throw error;
    }
  }

  /**
   * Whether the server accepts clients. Connects over TCP, where the temporary server of initdb
   * does not listen.
   */
  async answers(): Promise<boolean> {
    return this.run(["pg_isready", "-q", "-h", "127.0.0.1"]).then(
      () => true,
      () => false,
    );
  }

  async database(): Promise<string> {
    return (await this.run(["printenv", "PGDATABASE"])).stdout.trim();
  }

  /** Runs SQL. @returns rows with columns separated by tabs */
  async query(text: string, database?: string): Promise<string> {
    return (await this.psql(text, { database })).stdout.trim();
  }

  private psql(
    text: string,
    {
      database = "",
      names = [],
      ...ends
    }: { database?: string | undefined; names?: string[]; output?: string },
  ): Promise<Piped> {
    return this.run(["psql", ...psqlFlags, ...names, "-f", "-"], { input: { text }, ...ends }, database);
  }

  private async keep(list: string): Promise<string> {
    const path = "/tmp/ragdock-restore.list";
    await exec(this.container, ["sh", "-c", `cat > ${path}`], { input: { text: list } });
    return path;
  }

  private run(
    command: readonly string[],
    ends: Parameters<typeof exec>[2] = {},
    database = "",
  ): Promise<Piped> {
    const env = ["env", ...(database ? [`PGDATABASE=${database}`] : [])];
    return exec(this.container, [...env, "sh", "-c", client, "sh", ...command], ends);
  }
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function readTables(text: string): Tables {
  const rows = text.split("\n").map((line) => line.split("\t"));
  return Object.fromEntries(
    rows
      .filter((row) => row.length === 3)
      .map(([name = "", count, sum = ""]): [string, Table] => [name, { rows: Number(count), sum }]),
  );
}

export function differences(wanted: Tables, found: Tables): string[] {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(found)])].sort();
  return names.flatMap((name) => {
    const [want, have] = [wanted[name], found[name]];
    if (!want) return [`${name}: this table is not in the backup`];
    if (!have) return [`${name}: missing`];
    if (want.rows !== have.rows) return [`${name}: ${have.rows} rows instead of ${want.rows}`];
    return want.sum === have.sum ? [] : [`${name}: ${have.rows} rows, but not the same ones`];
  });
}

export const rowsOf = (tables: Tables = {}): number =>
  Object.values(tables).reduce((sum, { rows }) => sum + rows, 0);
