/**
 * Tests which stores of a Compose project become those that the stack runs on request, and how their
 * clients log in. It starts nothing.
 */
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { storeDataRefusal } from "../../../../cli/import/data/refusals.ts";
import { sourcesOf } from "../../../../cli/import/data/sources.ts";
import type { OptionalStore } from "../../../../cli/import/kinds.ts";
import { worldOf } from "../../../../cli/import/survey.ts";
import { stackOf } from "../../../../cli/import/write/stack.ts";
import { problems } from "../../config/problems.ts";
import { projectOf } from "./project.ts";

type Keys = Readonly<Record<string, unknown>>;

interface Example {
  readonly store: Keys;
  /** The variables of the client. */
  readonly client: Readonly<Record<string, string>>;
  /** What the client gets. */
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
}

const hidden = "hunter-22-hunter";

/** A store of each kind that the stack's own can replace. */
const examples: Readonly<Record<OptionalStore, Example>> = {
  minio: {
    store: {
      image: "minio/minio:RELEASE.2024-05-10T01-41-38Z",
      command: 'server /data --console-address ":9001"',
      volumes: ["old:/data"],
      environment: { MINIO_ROOT_USER: "papers", MINIO_ROOT_PASSWORD: hidden },
    },
    client: { S3_ENDPOINT: "http://old-store:9000", S3_ACCESS_KEY: "papers", S3_SECRET_KEY: hidden },
    env: { S3_ENDPOINT: "http://minio:9000" },
    secrets: { S3_ACCESS_KEY: "{{secret:minio-user}}", S3_SECRET_KEY: "{{secret:minio-password}}" },
  },
  mysql: {
    store: {
      image: "mysql:8.0.36",
      volumes: ["old:/var/lib/mysql"],
      environment: { MYSQL_DATABASE: "papers", MYSQL_USER: "reader", MYSQL_PASSWORD: hidden },
    },
    client: {
      DB_HOST: "old-store",
      DB_USER: "reader",
      DB_PASSWORD: hidden,
      DB_NAME: "papers",
      DATABASE_URL: `mysql+pymysql://reader:${hidden}@old-store:3306/papers?charset=utf8mb4`,
    },
    env: { DB_HOST: "mysql", DB_NAME: "rag" },
    secrets: {
      DB_USER: "{{secret:mysql-user}}",
      DB_PASSWORD: "{{secret:mysql-password}}",
      DATABASE_URL:
        "mysql+pymysql://{{secret:mysql-user}}:{{secret:mysql-password}}@mysql:3306/rag?charset=utf8mb4",
    },
  },
  opensearch: {
    store: {
      image: "opensearchproject/opensearch:2.19.1",
      volumes: ["old:/usr/share/opensearch/data"],
      environment: { "discovery.type": "single-node", DISABLE_SECURITY_PLUGIN: "true" },
    },
    client: { OPENSEARCH_URL: "http://old-store:9200" },
    env: { OPENSEARCH_URL: "http://opensearch:9200" },
  },
  clickhouse: {
    store: {
      image: "clickhouse/clickhouse-server:24.8",
      volumes: ["old:/var/lib/clickhouse", "logs:/var/log/clickhouse-server"],
      environment: { CLICKHOUSE_USER: "papers", CLICKHOUSE_PASSWORD: hidden },
    },
    client: {
      CLICKHOUSE_URL: "http://old-store:8123",
      CLICKHOUSE_MIGRATION_URL: "clickhouse://old-store:9000",
      CLICKHOUSE_USER: "papers",
      CLICKHOUSE_PASSWORD: hidden,
    },
    env: {
      CLICKHOUSE_URL: "http://clickhouse:8123",
      CLICKHOUSE_MIGRATION_URL: "clickhouse://clickhouse:9000",
    },
    secrets: {
      CLICKHOUSE_USER: "{{secret:clickhouse-user}}",
      CLICKHOUSE_PASSWORD: "{{secret:clickhouse-password}}",
    },
  },
  qdrant: {
    store: { image: "qdrant/qdrant:v1.13.2", volumes: ["old:/qdrant/storage"] },
    client: { QDRANT_URL: "http://old-store:6333", QDRANT_API_KEY: "" },
    env: { QDRANT_URL: "http://qdrant:6333" },
    secrets: { QDRANT_API_KEY: "{{secret:qdrant-api-key}}" },
  },
};

const kinds = Object.keys(examples) as OptionalStore[];

function imported(store: Keys, client: Keys, more: Keys = {}) {
  const web = { image: "a/web:1", ports: ["80:80"], environment: client, depends_on: ["old-store"] };
  const compose = { name: "papers", services: { web, "old-store": store, ...more } };
  const project = projectOf({ "compose.yaml": stringify(compose) });
  const world = worldOf(project);
  const stack = stackOf(world);
  const apps = stack.settings.apps as Record<string, Record<string, unknown>>;
  return { project, world, stack, apps, text: stringify(stack.settings) };
}

const why = (store: Keys, client: Keys, more: Keys = {}): unknown => {
  const kind = imported(store, client, more).world.kinds.get("old-store");
  return kind?.kind === "foreign" ? kind.why : kind?.kind;
};

describe.each(kinds)("%s", (kind) => {
  const { store, client, env = {}, secrets = {} } = examples[kind];
  it("becomes a store that its client needs, in the same version", () => {
    const { apps, stack } = imported(store, client);
    expect(Object.keys(apps)).toEqual(["web"]);
    expect(apps.web?.needs).toEqual([kind]);
    expect(stack.settings.pinned).toEqual({ [kind]: store.image });
    expect(problems(stack.settings)).toEqual([]);
  });

  it("is reached by its client with another host and another login", () => {
    const { apps, text } = imported(store, client);
    expect(apps.web?.env ?? {}).toEqual(env);
    expect(apps.web?.secrets ?? {}).toEqual(secrets);
    expect(text).not.toContain(hidden);
  });

  it("has its data copied to the volume of the stack's own store", () => {
    const { project, stack } = imported(store, client);
    const found = sourcesOf(project, stack.existing).map(({ source, volume }) => [source, volume]);
    expect(found).toEqual([["papers_old", `${kind}-data`]]);
  });

  it("runs in the stack's version, if the Compose file names none", () => {
    const latest = { ...store, image: String(store.image).replace(/:.*/, "") };
    expect(imported(latest, client).stack.settings.pinned).toBeUndefined();
    const [service] = imported(latest, client).world.stores;
    const refusal = service && storeDataRefusal(kind, service.service, { file: "f", on: "STACK=s" });
    if (kind === "minio") expect(refusal).toBeUndefined();
    else if (kind === "mysql") expect(refusal?.why).toContain("The database is called papers");
    else expect(refusal?.why).toMatch(/^The Compose file names no version of /);
  });

  it("stays an image, with the reason, if it is too old", () => {
    const old = { ...store, image: String(store.image).replace(/:.*/, ":0.9") };
    expect(why(old, client)).toMatch(/ and this is 0\.9\.$/);
    const { apps: kept, stack: written } = imported(old, client);
    expect(Object.keys(kept)).toContain("old-store");
    expect(problems(written.settings)).toEqual([]);
  });

  it("stays an image, if its client gets the login in another way", () => {
    if (kind === "opensearch") return;
    const hosts = Object.fromEntries(Object.entries(client).filter(([name]) => /HOST|URL|END/.test(name)));
    const without = Object.fromEntries(Object.entries(hosts).filter(([, value]) => !value.includes(hidden)));
    expect(why(store, without)).toMatch(/^web has no variables with the login of /);
  });

  it("stays an image, if it has other files, another entrypoint, or no client", () => {
    expect(why({ ...store, volumes: ["./own.d:/docker-entrypoint-initdb.d"] }, client)).toMatch(
      /^It mounts /,
    );
    expect(why({ ...store, entrypoint: "sh" }, client)).toMatch(/^It has its own entrypoint /);
    const alone = projectOf({ "compose.yaml": stringify({ services: { "old-store": store } }) });
    expect(worldOf(alone).kinds.get("old-store")).toMatchObject({ why: "No application calls it." });
  });

  it("is one store, and a second one stays an image", () => {
    const second = { image: "b/other:1", environment: client };
    const { world: both, stack: written } = imported(store, client, { more: store, second });
    const foreign = [...both.kinds].filter(([, one]) => one.kind === "foreign").map(([name]) => name);
    expect(foreign).toEqual(["more"]);
    expect(problems(written.settings)).toEqual([]);
    expect(both.stores.map(({ is }) => is)).toEqual([kind]);
  });
});

describe("a store stays an image", () => {
  it("if OpenSearch asks for a login", () => {
    const { store, client } = examples.opensearch;
    expect(why({ ...store, environment: {} }, client)).toMatch(/^Its security plugin is on/);
  });

  it("if ClickHouse has another database", () => {
    const { store, client } = examples.clickhouse;
    const environment = { ...(store.environment as Keys), CLICKHOUSE_DB: "papers" };
    expect(why({ ...store, environment }, client)).toMatch(/^Its database is called papers/);
  });

  it("if MySQL's clients make their databases", () => {
    const { store, client } = examples.mysql;
    const environment = { MYSQL_ROOT_PASSWORD: hidden };
    expect(why({ ...store, environment }, { ...client, DB_USER: "root" })).toMatch(/no MYSQL_DATABASE/);
  });

  it("if MinIO serves another folder", () => {
    const { store, client } = examples.minio;
    expect(why({ ...store, command: "server /export" }, client)).toMatch(/^It serves another folder/);
  });

  it("if Qdrant's clients know no key", () => {
    const { store } = examples.qdrant;
    expect(why(store, { QDRANT_URL: "http://old-store:6333" })).toMatch(/^web has no variables/);
  });
});

it("the password of another service does not become a store's password, even if both are equal", () => {
  const { store, client } = examples.mysql;
  const cache = { image: "memcached:1.6" };
  const { apps } = imported(store, { ...client, CACHE_PASSWORD: hidden }, { cache });
  expect(apps.web?.secrets).not.toHaveProperty("CACHE_PASSWORD", "{{secret:mysql-password}}");
});

it("the commands that copy MySQL's data name both databases", () => {
  const { store, client } = examples.mysql;
  const [found] = imported(store, client).world.stores;
  const on = "STACK=papers CONFIG_FILE=f";
  const refusal = found && storeDataRefusal("mysql", found.service, { file: "compose.yaml", on });
  expect(refusal?.commands).toEqual([
    "docker compose -f compose.yaml up -d --wait old-store",
    expect.stringMatching(/ exec -T old-store sh -c 'exec mysqldump .* papers' > dump\.sql$/),
    "docker compose -f compose.yaml stop",
    `make up ${on}`,
    expect.stringMatching(/label=ragdock\.stack=papers .* rag' < dump\.sql$/),
  ]);
});
