import { clickhouse } from "../../config/services/clickhouse.ts";
import { minio } from "../../config/services/minio.ts";
import { mysql } from "../../config/services/mysql.ts";
import { opensearch } from "../../config/services/opensearch.ts";
import { qdrant } from "../../config/services/qdrant.ts";
import { type OptionalStore, optionalStores, type Store, tagOf } from "./kinds.ts";
import type { ComposeService } from "./read.ts";
import { at, textOf } from "./tree.ts";

/** What the import knows of a store that the stack runs on request. */
interface Facts {
  readonly title: string;
  /** The image that the stack runs if the Compose file names no version. */
  readonly ours: string;
  /** The versions that the stack's specification was written for. */
  readonly versions: RegExp;
  readonly versionsText: string;
  /** The folder of the data. */
  readonly data: RegExp;
  /** The names of the clients' variables for this store. */
  readonly named: RegExp;
  /** The scheme of a URL with a login. */
  readonly scheme?: RegExp;
  readonly port: number;
  /** The database of the stack's own store. @default the store has no databases */
  readonly database?: string;
}

const oursOf = ({ images = [] }: { readonly images?: readonly { readonly reference: string }[] }): string =>
  images[0]?.reference ?? "";

export const optionalStore: Readonly<Record<OptionalStore, Facts>> = {
  minio: {
    title: "MinIO",
    ours: oursOf(minio),
    versions: /^RELEASE\.202[3-9]-/,
    versionsText: "the releases since 2023",
    data: /^\/data\/?$/,
    named: /MINIO|S3|AWS|STORAGE|OBJECT/i,
    port: 9000,
  },
  mysql: {
    title: "MySQL",
    ours: oursOf(mysql),
    versions: /^[89](\.\d+)*(-debian|-oracle)?$/,
    versionsText: "MySQL 8 and 9",
    data: /^\/var\/lib\/mysql\/?$/,
    named: /MYSQL|DB|DATABASE|SQL/i,
    scheme: /^mysql2?(\+\w+)?$/i,
    port: 3306,
    database: "rag",
  },
  opensearch: {
    title: "OpenSearch",
    ours: oursOf(opensearch),
    versions: /^[23](\.\d+)*$/,
    versionsText: "OpenSearch 2 and 3",
    data: /^\/usr\/share\/opensearch\/data\/?$/,
    named: /OPENSEARCH/i,
    port: 9200,
  },
  clickhouse: {
    title: "ClickHouse",
    ours: oursOf(clickhouse),
    versions: /^2[3-9](\.\d+)*$/,
    versionsText: "version 23 or later, not based on Alpine",
    data: /^\/var\/lib\/clickhouse\/?$/,
    named: /CLICKHOUSE|^CH_/i,
    scheme: /^(clickhouse(\+\w+)?|http)$/i,
    port: 8123,
    database: "default",
  },
  qdrant: {
    title: "Qdrant",
    ours: oursOf(qdrant),
    versions: /^v1\.([5-9]|[1-9]\d)(\.\d+)?$/,
    versionsText: "the versions since 1.5",
    data: /^\/qdrant\/storage\/?$/,
    named: /QDRANT/i,
    port: 6333,
  },
};

/** Whether a store is one that the stack runs on request only. */
export const isOptionalStore = (store: Store): store is OptionalStore =>
  optionalStores.some((one) => one === store);

export const imageOf = ({ tree }: ComposeService): string => textOf(at(tree, "image")) ?? "";

/** The version that the Compose file names. */
export function versionOf(service: ComposeService): string | undefined {
  const tag = tagOf(imageOf(service));
  return tag === "latest" ? undefined : tag;
}

/** The image of the Compose file, if the stack must run it in place of its default. */
export function pinOf(store: OptionalStore, service: ComposeService): string | undefined {
  const image = imageOf(service);
  return versionOf(service) === undefined || image === optionalStore[store].ours ? undefined : image;
}
