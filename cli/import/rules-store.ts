import { tagOf } from "./kinds.ts";
import { isOptionalStore, optionalStore, pinOf } from "./optional-stores.ts";
import { applicationRules } from "./rules-application.ts";
import { volume } from "./rules-storage.ts";
import { isSecretName } from "./secrets.ts";
import { at, textOf, textsOf } from "./tree.ts";
import { always, improved, type Rule, type Rules, type Subject, taken, unsupported } from "./verdict.ts";

/** The versions of the stores that Ragdock runs. */
const versions = {
  postgres: "PostgreSQL 17 or 18 with pgvector",
  redis: "Redis 8.2",
  chroma: "Chroma 1.5",
} as const;

/** The folder of each image that holds the data. */
export const dataFolders = {
  postgres: /^\/var\/lib\/postgresql(\/data)?$/,
  redis: /^\/(data|var\/lib\/redis)$/,
  chroma: /^\/(data|chroma\/chroma)$/,
  minio: optionalStore.minio.data,
  mysql: optionalStore.mysql.data,
  opensearch: optionalStore.opensearch.data,
  clickhouse: optionalStore.clickhouse.data,
  qdrant: optionalStore.qdrant.data,
} as const;

const storeKind = ({ kind }: Subject) => (kind.kind === "store" ? kind.store : "postgres");

const image: Rule = (value, _, subject) => {
  const reference = textOf(value) ?? "";
  const store = storeKind(subject);
  if (isOptionalStore(store)) {
    const { title, ours } = optionalStore[store];
    return pinOf(store, subject.service)
      ? improved(`${title} of the stack runs this image, with a health check, alerts and backups.`)
      : improved(`Ragdock runs ${ours} in place of ${reference}, with a health check, alerts and backups.`);
  }
  const tag = tagOf(reference);
  const pinned = tag === undefined || tag === "latest" ? " Ragdock pins the version." : "";
  return improved(
    `Ragdock runs ${versions[store]} in place of ${reference}, with credentials, alerts and backups.${pinned} If the versions differ, move the data with a dump.`,
  );
};

/** Variables that the images of stores read, and that Ragdock does not set. */
const tuning =
  /^(POSTGRES_INITDB_|PG[A-Z]|REDIS_ARGS$|VALKEY_EXTRA_FLAGS$|CHROMA_|MINIO_|MYSQL_|OPENSEARCH_|CLICKHOUSE_|QDRANT_|TZ$|LANG$|LC_|[a-z_]+\.)/;

/** Variables with the login or the mode of a store, which Ragdock also sets. */
const replaced =
  /^(MINIO_(ROOT_USER|ACCESS_KEY)|MYSQL_(USER|DATABASE|ROOT_HOST)|CLICKHOUSE_(USER|DB)|DISABLE_(SECURITY_PLUGIN|INSTALL_DEMO_CONFIG)|plugins\.security\.disabled|discovery\.type|OPENSEARCH_JAVA_OPTS)$/;

const environment: Rule = (_, name) => {
  if (isSecretName(name))
    return improved("Ragdock generates this password, and `make rotate` can replace it.");
  if (/^POSTGRES_(USER|DB)$/.test(name))
    return improved(
      "Ragdock creates the database rag. It also creates users that `make rotate` can replace.",
    );
  if (name === "POSTGRES_HOST_AUTH_METHOD") return improved("Every client needs a password.");
  if (/^PG(USER|DATABASE|HOST)$/.test(name)) return improved("Ragdock's health check uses its own login.");
  if (name === "PGDATA") return improved("Ragdock mounts the volume where the image keeps its data.");
  if (replaced.test(name)) return improved("Ragdock sets it.");
  if (name === "ANONYMIZED_TELEMETRY" || name === "IS_PERSISTENT") return improved("Ragdock sets it.");
  if (tuning.test(name)) return unsupported("Ragdock sets the variables of its stores itself.");
  return taken("The store does not read this variable.");
};

/** Flags that Ragdock's own configuration replaces. */
const replacedFlags =
  /requirepass|appendonly|maxmemory|shared_buffers|work_mem|effective_cache_size|max_connections|buffer-pool-size/;

/** A flag without its value, which can be a secret: `-c log_statement`, `--masterauth`. */
const flagName = (flag: string): string => /^\s*(-c\s+[^\s=]+|[^\s=]+)/.exec(flag)?.[1] ?? "";

const command: Rule = (value) => {
  const flags = textsOf(value).join(" ");
  const rest = flags
    .replace(/^(postgres|redis-server|(minio )?server \/data|mysqld)\b/, "")
    .split(/\s(?=-)/)
    .filter((flag) => flag.trim() !== "" && !replacedFlags.test(flag));
  return rest.length === 0
    ? improved("Ragdock computes these settings from the memory limit of the store, and sets a password.")
    : unsupported(
        `Ragdock configures its stores itself. These flags are not used: ${rest.map(flagName).join(", ")}.`,
      );
};

const storage: Rule = (value, name, subject) => {
  const target = textOf(at(value, "target")) ?? "";
  const verdict = volume(value, name, subject);
  if (dataFolders[storeKind(subject)].test(target))
    return {
      ...improved(
        `A volume holds the data, and make backup copies it. The option --data copies the data, or explains how to dump it.`,
      ),
      ...(verdict.except ? { except: verdict.except } : {}),
    };
  if (target.startsWith("/docker-entrypoint-initdb.d"))
    return unsupported(
      "Ragdock runs no scripts at the first start. Run each script once with: make psql < script.sql",
    );
  return unsupported("Ragdock configures its stores itself, and mounts only their data.");
};

const check = always(improved("Ragdock has a health check for this store."));

/** Rules for a store that a service of Ragdock replaces. */
export const storeRules: Rules = {
  ...applicationRules,
  image,
  "environment.*": environment,
  command,
  entrypoint: always(unsupported("Ragdock starts its stores itself.")),
  user: always(improved("The store runs as a user without rights on the host.")),
  "cap_add[]": always(improved("The store needs no capabilities.")),
  "volumes[]": storage,
  "ports[]": always(
    improved("Clients reach the store on its network. In dev, a setting publishes it on loopback."),
  ),
  "healthcheck.test": check,
  "healthcheck.interval": check,
  "healthcheck.timeout": check,
  "healthcheck.retries": check,
  "healthcheck.start_period": check,
  "deploy.replicas": always(taken("A store has one container.")),
};
