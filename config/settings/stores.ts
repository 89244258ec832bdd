import { z } from "zod";
import type { Allowed } from "../spec/external-store.ts";
import { group, like, name, optional, port } from "./kinds.ts";

/** How a client encrypts its connection to a store: the modes of PostgreSQL's `sslmode`. */
const tlsModes = ["disable", "require", "verify-ca", "verify-full"] as const;

export type TlsMode = (typeof tlsModes)[number];

const host = like(
  /^[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/,
  "be a host name or an IPv4 address without a scheme or port, such as db.example.org",
).describe("Name or address of the server.");

// The script that checks Redis sends the user in a line with quotes.
const word = name.regex(/^[^\s"'\\]+$/, "must have no blanks, quotes or backslashes");

const encryption = <const T extends readonly TlsMode[]>(modes: T, authority: string) =>
  z
    .enum(modes)
    .default("verify-full" as never)
    .describe(
      `How the connection is encrypted. \`verify-full\` checks the server's certificate against ${authority}.`,
    );

const allowed = like(
  /^(backup|restore)$/,
  "be backup or restore: the operator of a server upgrades it and changes its passwords",
).transform((value) => value as Allowed);

/** A PostgreSQL server outside of the stack. */
const externalPostgres = z
  .strictObject({
    host,
    port: port.default(5432).describe("Port of the server."),
    database: word.describe("Name of the database."),
    user: word.describe("Role that the clients log in as. The migrations create tables as it."),
    tls: encryption(tlsModes, "the secret `postgresAuthority`"),
    allow: z
      .array(allowed)
      .default([])
      .describe(
        "What Ragdock may do with the database: `backup` for `make backup` and `make drill`, and `restore` for `make restore`, which needs both.",
      ),
  })
  .optional()
  .describe(
    "A server outside of the stack, which then runs none. Its password is the secret `postgresPassword`. Ragdock does not upgrade it or change its passwords, and backs it up only if `allow` says so.",
  );

/** A Redis server outside of the stack. */
const externalRedis = z
  .strictObject({
    host,
    port: port.default(6379).describe("Port of the server."),
    user: word.default("default").describe("User that the clients log in as."),
    tls: encryption(["disable", "require", "verify-full"], "the secret `redisAuthority`"),
  })
  .optional()
  .describe(
    "A server outside of the stack, which then runs none. Its password is the secret `redisPassword`. Ragdock does not back it up or change its passwords.",
  );

/** A Chroma server outside of the stack. */
const externalChroma = z
  .strictObject({
    host,
    port: port.default(8000).describe("Port of the server."),
    tls: encryption(["disable", "verify-full"], "the public authorities"),
  })
  .optional()
  .describe(
    "A server outside of the stack, which then runs none. It is used without a login. Ragdock does not back it up.",
  );

const identifier = like(
  /^[a-z_][a-z0-9_]{0,62}$/,
  "be a name of at most 63 lower-case letters, digits and _, such as library",
);

// PostgreSQL has databases and roles of these names, or reads them as something else.
const databaseName = identifier.refine(
  (value) => !/^(postgres|template[01]|all|sameuser|samerole|samegroup|replication)$/.test(value),
  "must not be a name that PostgreSQL itself uses",
);
const roleName = identifier.refine(
  (value) => !/^(postgres|public|none|all|pg_.*|(rag|monitor)_\d+)$/.test(value),
  "must not be a role of PostgreSQL or of Ragdock",
);

/** The settings of stores that all systems share. */
export const stores = {
  postgres: group(
    "Names in PostgreSQL, which cannot change once a stack has data, or a server that you run.",
    {
      database: optional("Name of the database. Each system has a default.", databaseName),
      user: optional(
        "Role that owns the database. Clients log in as `rag_<generation>` and act as this role. Each system has a default.",
        roleName,
      ),
      external: externalPostgres,
    },
  ),
  redis: group("A Redis server that you run.", { external: externalRedis }),
  chroma: group("A Chroma server that you run.", { external: externalChroma }),
};
