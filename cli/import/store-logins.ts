import { hostsOf, variablesIn } from "./hosts.ts";
import type { OptionalStore } from "./kinds.ts";
import { optionalStore } from "./optional-stores.ts";
import type { ComposeService } from "./read.ts";
import { isSecretName } from "./secrets.ts";

/** Whether the variables of a client contain the whole login of a store. */
export function hasLogin(store: OptionalStore, client: ComposeService, service: ComposeService): boolean {
  if (store === "opensearch") return true;
  const uses = variablesIn(client).flatMap(([name, text]) => loginUse(store, name, text, service) ?? []);
  const has = (part: LoginPart): boolean => uses.some((use) => use === "url" || use === part);
  const isNamed = store !== "mysql" || has("database");
  return has("password") && (store === "qdrant" || has("user")) && isNamed;
}

type LoginPart = "url" | "user" | "password" | "database";

interface Login {
  readonly users: readonly string[];
  readonly passwords: readonly string[];
  readonly database: string | undefined;
}

/** The login values of a store in the Compose file. */
function loginOf(store: OptionalStore, service: ComposeService): Login {
  const values: Readonly<Record<string, string | undefined>> = Object.fromEntries(variablesIn(service));
  const filled = (...all: (string | undefined)[]): string[] => all.flatMap((one) => (one ? [one] : []));
  switch (store) {
    case "minio":
      return {
        users: [values.MINIO_ROOT_USER ?? values.MINIO_ACCESS_KEY ?? "minioadmin"],
        passwords: [values.MINIO_ROOT_PASSWORD ?? values.MINIO_SECRET_KEY ?? "minioadmin"],
        database: undefined,
      };
    case "mysql":
      return {
        users: filled(values.MYSQL_USER, "root"),
        passwords: filled(values.MYSQL_PASSWORD, values.MYSQL_ROOT_PASSWORD),
        database: values.MYSQL_DATABASE || undefined,
      };
    case "clickhouse":
      return {
        users: [values.CLICKHOUSE_USER || "default"],
        passwords: filled(values.CLICKHOUSE_PASSWORD),
        database: values.CLICKHOUSE_DB || undefined,
      };
    default:
      return { users: [], passwords: filled(values.QDRANT__SERVICE__API_KEY), database: undefined };
  }
}

const userName = /(USER(_?NAME)?|ACCESS_?KEY(_ID)?|KEY_ID|LOGIN)$/i;
const databaseName = /(DB|DATABASE|NAME|DBNAME|SCHEMA)$/i;

/** The part of the login of a store that a variable of a client holds. */
function loginUse(
  store: OptionalStore,
  name: string,
  text: string,
  service: ComposeService,
): LoginPart | undefined {
  if (store === "opensearch") return undefined;
  const { named, scheme } = optionalStore[store];
  const url = scheme && urlWithLogin(text);
  if (url && scheme?.test(url.scheme) && hostsOf(service).includes(url.host)) return "url";
  if (!named.test(name)) return undefined;
  const { users, passwords, database } = loginOf(store, service);
  if (userName.test(name) && !/SECRET/i.test(name) && users.includes(text)) return "user";
  // A server without a password accepts any password, so clients often leave it empty.
  const isPassword = passwords.length === 0 || passwords.includes(text);
  if (isSecretName(name) && isPassword) return "password";
  return database !== undefined && databaseName.test(name) && text === database ? "database" : undefined;
}

function urlWithLogin(text: string) {
  const [, scheme = "", host = "", port, path = "", query = ""] =
    /^([a-z][\w+.-]*):\/\/[^\s/@]*@([^\s/:?@]+)(?::(\d+))?(\/[^?\s]*)?(\?\S*)?$/i.exec(text) ?? [];
  return host ? { scheme, host, port, path, query } : undefined;
}

/** A variable of a client with the login of the stack's own store. */
export function withLogin(
  store: OptionalStore,
  name: string,
  text: string,
  service: ComposeService,
): { readonly isSecret: boolean; readonly text: string } | undefined {
  const { port: preset, database } = optionalStore[store];
  const secret = (value: string) => ({ isSecret: true, text: value });
  switch (loginUse(store, name, text, service)) {
    case "url": {
      const { scheme = "", port = preset, path = "", query = "" } = urlWithLogin(text) ?? {};
      const to = database !== undefined && path.length > 1 ? `/${database}` : path;
      return secret(
        `${scheme}://{{secret:${store}-user}}:{{secret:${store}-password}}@${store}:${port}${to}${query}`,
      );
    }
    case "user":
      return secret(`{{secret:${store}-user}}`);
    case "password":
      return secret(store === "qdrant" ? "{{secret:qdrant-api-key}}" : `{{secret:${store}-password}}`);
    case "database":
      return { isSecret: false, text: database ?? text };
    default:
      return undefined;
  }
}
