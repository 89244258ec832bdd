import { clickhouse } from "./clickhouse.ts";
import { minio } from "./minio.ts";
import { mysql } from "./mysql.ts";
import type { NeededStore } from "./needed-store.ts";
import { opensearch } from "./opensearch.ts";
import { qdrant } from "./qdrant.ts";

/** The stores that a stack runs if an own application needs them. */
export const neededStores: readonly NeededStore[] = [minio, mysql, opensearch, clickhouse, qdrant];
