import { postgresServer } from "../../config/services/postgres.ts";
import { isStoreUser, userName } from "../../config/services/secrets.ts";
import { Failure } from "../../config/spec/failure.ts";
import type { Database } from "../../config/spec/postgres.ts";
import { isGuarded, type SystemSpec } from "../../config/spec/service.ts";
import { containersOf, docker } from "../../host/docker.ts";
import { atContainer } from "../../host/nodes.ts";

/** The users that a store has for its clients and its monitor. */
export interface StoreUsers {
  /** The secret's name in `ragdock:rotations`. */
  readonly rotation: string;
  /** The job that creates the users in the store. */
  readonly job: string;
  /** The current users according to the settings. */
  readonly users: readonly string[];
  /**
   * The users of clients and monitors that can log in, of any generation. Undefined if the store does not answer.
   */
  list(): Promise<string[] | undefined>;
  /** Revokes users and ends their connections. */
  revoke(users: readonly string[]): Promise<void>;
}

/** The stores of a system that require a login of their clients. */
export function storesOf(stack: string, { services }: SystemSpec): StoreUsers[] {
  return services.filter(isGuarded).map((store) => {
    // The administrator's password is only in the store's own container.
    const run: Run = async (...command) => {
      const [container] = await containersOf(stack, store.name);
      if (!container) throw new Failure(`${store.name} does not run.`, `Start it: make up STACK=${stack}`);
      return atContainer(container, ({ Id }) => docker("exec", Id, ...command));
    };
    const users = store.database ? postgresUsers(run, store.database) : redisUsers(run);
    return {
      rotation: store.name,
      job: store.credentials.job,
      users: [store.credentials, store.credentials.monitor].map(userName),
      list: () =>
        users.list().then(
          (all) => all.split("\n").filter((name) => isStoreUser(name)),
          () => undefined,
        ),
      revoke: users.revoke,
    };
  });
}

type Run = (...command: string[]) => Promise<string>;

type Commands = Pick<StoreUsers, "revoke"> & { list(): Promise<string> };

function postgresUsers(run: Run, { name }: Database): Commands {
  // Through the container's own socket, as `make psql` does. Ragdock generates the user names, so
  // they need no quotes.
  const sql = (text: string): Promise<string> =>
    run("psql", "-qXAt", "-U", postgresServer.admin, "-d", name, "-v", "ON_ERROR_STOP=1", "-c", text);
  return {
    list: () => sql("SELECT rolname FROM pg_roles WHERE rolcanlogin ORDER BY 1"),
    revoke: async (users) => {
      for (const user of users) {
        await sql(`ALTER ROLE "${user}" NOLOGIN PASSWORD NULL`);
        await sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${user}'`);
      }
    },
  };
}

function redisUsers(run: Run): Commands {
  // Passes the password on standard input, because other processes of the host can read the
  // environment of a process.
  const asAdmin = 'printf "AUTH admin %s\\nACL %s\\n" "$(cat /run/secrets/admin-password)" "$*" | redis-cli';
  const redis = (...command: string[]): Promise<string> => run("sh", "-c", asAdmin, "sh", ...command);
  return {
    list: () => redis("USERS"),
    revoke: async (users) => {
      // Also ends the connections of these users.
      await redis("DELUSER", ...users);
      await redis("SAVE");
    },
  };
}
