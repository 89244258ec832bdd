import { isGuarded, jobOf } from "../../config/passes/credentials.ts";
import { database } from "../../config/services/stores.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { containersOf, docker } from "../../host/docker.ts";
import { Failure } from "../../host/failure.ts";

/** The users that clients of a store log in as, as the store itself knows them. */
export interface StoreUsers {
  /** The secret's name in `ragdock:rotations`. */
  readonly rotation: string;
  /** The job that makes a user known. */
  readonly job: string;
  /** Users of clients that can log in, of whatever generation; undefined when the store does not answer. */
  list(): Promise<string[] | undefined>;
  /** Lets none of these log in again, and ends what they have open. */
  revoke(users: readonly string[]): Promise<void>;
}

/** What `clientUser` makes. */
const ofClients = /^rag_\d+$/;

/** Every store of a system whose clients log in. */
export function storesOf(stack: string, { services }: SystemSpec): StoreUsers[] {
  return services.filter(isGuarded).map((store) => {
    // What only its administrator may is done where the administrator is: in the store's own container.
    const run: Run = async (...command) => {
      const [container] = await containersOf(stack, store.name);
      if (!container) throw new Failure(`${store.name} does not run.`, `Start it: make up STACK=${stack}`);
      return docker("exec", container.Id, ...command);
    };
    const users = store.role === "postgres" ? postgresUsers(run) : redisUsers(run);
    return {
      rotation: store.role,
      job: jobOf(store),
      list: () =>
        users.list().then(
          (all) => all.split("\n").filter((name) => ofClients.test(name)),
          () => undefined,
        ),
      revoke: users.revoke,
    };
  });
}

type Run = (...command: string[]) => Promise<string>;

interface Commands {
  list(): Promise<string>;
  revoke(users: readonly string[]): Promise<void>;
}

function postgresUsers(run: Run): Commands {
  // By the container's own socket, as `make psql` does. User names are ours and hold nothing to quote.
  const sql = (text: string): Promise<string> =>
    run("psql", "-qXAt", "-U", database.user, "-d", database.name, "-v", "ON_ERROR_STOP=1", "-c", text);
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
  const asAdmin =
    'REDISCLI_AUTH="$(cat /run/secrets/redis-admin-password)" exec redis-cli -e --no-auth-warning --user admin "$@"';
  const redis = (...command: string[]): Promise<string> =>
    run("sh", "-c", asAdmin, "redis-cli", "ACL", ...command);
  return {
    list: () => redis("USERS"),
    revoke: async (users) => {
      // Ends their connections as well.
      await redis("DELUSER", ...users);
      await redis("SAVE");
    },
  };
}
