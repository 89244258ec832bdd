import { content } from "../spec/content.ts";
import { wget } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import { type Alert, lines, type Row, stat } from "../spec/monitoring.ts";
import { orZero, perSecond, ratio } from "../spec/promql.ts";
import { mebibytes } from "../spec/units.ts";
import type { ServiceModule } from "./module.ts";
import { exporter, listensToMonitoring } from "./monitoring.ts";
import { redisDown } from "./redis.ts";
import { userName } from "./secrets.ts";
import type { StoreModule } from "./store.ts";

const image = {
  name: "redis-exporter",
  reference: "oliver006/redis_exporter:v1.88.0-alpine",
  user: "59000:59000",
  port: 9121,
  healthcheck: wget(9121, "/health"),
  metrics: { port: 9121, path: "/metrics" },
  official: {
    sources: ["oliver006/redis_exporter@v1.88.0:Dockerfile"],
    base: "alpine",
    entrypoint: ["/redis_exporter"],
  },
  standIn: { folder: "dockerfiles/redis-exporter" },
} as const satisfies CatalogueImage;

/** The file is a JSON object that maps addresses to passwords, not the password alone. */
const passwords = "/run/secrets/redis-passwords.json";

/** The share of the memory limit. At 1 the kernel kills the process. */
const memoryBound = 0.9;

/**
 * The metrics of a Redis server.
 * @param name of the service. A system with two servers gives each exporter another one.
 */
export const redisExporter = (store: StoreModule, name: string = image.name): ServiceModule =>
  exporter(image, (ctx) => {
    const login = store.login(ctx).monitor;
    const user = userName(login);
    const { host, port, tls, authority, files } = store.connection(ctx);
    const address = `${tls === "disable" ? "redis" : "rediss"}://`;
    const isExternal = ctx.settings.redis.external !== undefined;
    // A generated password has letters and digits only.
    const password = isExternal ? { inJson: login.password } : login.password;
    return {
      ...listensToMonitoring(ctx, image, "/health", name),
      name,
      environment: {
        REDIS_ADDR: `${address}${host}:${port}`,
        REDIS_USER: user,
        REDIS_PASSWORD_FILE: passwords,
        ...(tls === "require" ? { REDIS_EXPORTER_SKIP_TLS_VERIFICATION: "true" } : {}),
        ...(authority ? { REDIS_EXPORTER_TLS_CA_CERT_FILE: authority } : {}),
      },
      files: [
        { path: passwords, content: content`{"${address}${user}@${host}:${port}": "${password}"}` },
        ...files,
      ],
      dependsOn: [store.name],
      rows: [row],
      deriveAlerts: (_, services) => [
        redisDown(store.name, `redis_up{service="${name}"} == 0`, isExternal),
        ...services
          .filter((service) => service.name === store.name)
          .map(({ limits }) => memoryHigh(name, store.name, mebibytes(limits.memory) * 2 ** 20)),
      ],
    };
  });

/**
 * A cache fills its memory by design. So the alert depends on whether Redis can still evict keys.
 */
function memoryHigh(exporter: string, server: string, limit: number): Alert {
  const of = `{service="${exporter}"}`;
  const nothingToDrop =
    `redis_memory_used_bytes${of} / (redis_memory_max_bytes > 0) > ${memoryBound}\n` +
    "and on (instance) sum by (instance) (redis_db_keys_expiring) <= 0.1 * sum by (instance) (redis_db_keys)";
  return {
    name: "RedisMemoryHigh",
    severity: "warning",
    expr: `(${nothingToDrop})\nor (redis_memory_used_rss_bytes${of} / ${limit} > ${memoryBound})`,
    holds: "5m",
    summary: "Redis has {{ $value | humanizePercentage }} of its memory in use",
    description:
      "Either Redis is full and has almost no keys to evict, so it refuses writes. Or its process is near the container's " +
      "memory limit, so the kernel may kill it.",
    runbook:
      `Raise \`services.${server}.limits.memory\` in the stack's settings. Keys without a time to live belong to the queue. A long ` +
      "queue means that the worker does not process it.",
  };
}

const row: Row = {
  board: "stores",
  title: "Redis",
  panels: [
    stat("Up", "min(redis_up)", { redBelow: 1 }),
    stat("Clients", "sum(redis_connected_clients)"),
    stat("Keys", orZero("sum(redis_db_keys)")),
    stat("Dropped keys", orZero("sum(increase(redis_evicted_keys_total[1h]))"), {
      description: "Keys removed in the last hour to make room. This is normal for a full cache.",
    }),
    stat(
      "Cache hits",
      ratio(
        "sum(rate(redis_keyspace_hits_total[5m]))",
        "sum(rate(redis_keyspace_hits_total[5m])) + sum(rate(redis_keyspace_misses_total[5m]))",
      ),
      { unit: "percentunit" },
    ),
    stat("Unsaved changes", orZero("sum(redis_rdb_changes_since_last_save)")),
    lines(
      "Memory",
      {
        used: "sum(redis_memory_used_bytes)",
        resident: "sum(redis_memory_used_rss_bytes)",
        maxmemory: "sum(redis_memory_max_bytes)",
      },
      { unit: "bytes", width: 12 },
    ),
    lines("Commands", { commands: perSecond("redis_commands_processed_total") }, { unit: "ops", width: 12 }),
  ],
};
