import { Healthcheck } from "../spec/healthcheck.ts";
import { type CatalogueImage, catalogueImage } from "../spec/image.ts";
import type { Alert } from "../spec/monitoring.ts";
import type { FileSpec } from "../spec/service.ts";
import { mebibytes } from "../spec/units.ts";
import { type Connection, checkJob } from "./external.ts";
import { externalRunbook, storeConsequences } from "./postgres.ts";
import { userName } from "./secrets.ts";
import { type StoreModule, type StoreOptions, startScript, storeModule } from "./store.ts";

const image = {
  name: "redis",
  reference: "redis:8.2.9-bookworm",
  user: "999:999",
  port: 6379,
  dataPath: "/data",
  // `redis-cli ping` exits with 0 on NOAUTH too. So this check logs in.
  healthcheck: ["redis-cli", "ping"],
  official: {
    sources: [
      "docker-library/repo-info@0ae7309:repos/redis/remote/8.2.9-bookworm.md",
      "redis/docker-library-redis@0d55be9:debian/docker-entrypoint.sh",
    ],
    base: "debian",
    programs: ["redis-cli", "redis-server"],
    entrypoint: ["docker-entrypoint.sh"],
    runsCommands: true,
    startsAs: "root",
  },
  standIn: { folder: "dockerfiles/redis" },
} as const satisfies CatalogueImage;

/** Redis: the queue between API and worker, and the cache of query embeddings. */
export const redis = ({ name = "redis", volume = "redis-data" }: StoreOptions = {}): StoreModule => ({
  images: [image],
  ...storeModule(
    name,
    "redis",
    () => ({ REDIS_HOST: name }),
    (ctx, base) => ({
      ...base,
      ...catalogueImage(image),
      command: ["sh", startScript, "redis-server", "/etc/redis/redis.conf"],
      volumes: [{ volume, path: image.dataPath, own: ["users.acl"] }],
      ports: [{ container: image.port, host: image.port, exposure: "none" }],
      // The start script creates this user, which may only ping.
      healthcheck: Healthcheck.shell(
        "redis-cli --no-auth-warning --user probe --pass any ping | grep -q PONG",
        { interval: "2s" },
      ),
      blackbox: { module: "tcp_connect", port: image.port },
      limits: ctx.prod ? { cpus: 1, memory: "512MiB" } : { cpus: 0.5, memory: "192MiB" },
      stopGracePeriod: "1m",
      deriveFiles: ({ limits }) => [configuration(mebibytes(limits.memory))],
      deriveAlerts: (self) =>
        self.blackbox ? [redisDown(self.name, `probe_success{service="${self.name}"} == 0`)] : [],
    }),
    {
      port: image.port,
      check: (_, connection, login) => {
        const { host, port, tls, authority = "", files } = connection;
        const blackbox = { module: "tcp_connect", port } as const;
        return checkJob(
          { name, role: "redis", host, port, blackbox },
          {
            image,
            shell: "sh",
            environment: {
              REDIS_HOST: host,
              REDIS_PORT: String(port),
              REDIS_USER: userName(login),
              REDIS_TLS: tls,
              REDIS_TLS_AUTHORITY: authority,
            },
            password: login.password,
            files,
          },
        );
      },
    },
  ),
});

/**
 * The variables with which our own clients encrypt their connections. Within the stack there are
 * none.
 */
export const redisTls = ({ tls, authority }: Connection, prefix = ""): Record<string, string> =>
  tls === "disable"
    ? {}
    : { [`${prefix}REDIS_TLS`]: tls, ...(authority ? { [`${prefix}REDIS_TLS_AUTHORITY`]: authority } : {}) };

const configuration = (memoryMiB: number): FileSpec => ({
  path: "/etc/redis/redis.conf",
  content: [
    "bind * -::*",
    `port ${image.port}`,
    "dir /data",
    "appendonly yes",
    // Leaves a quarter of the memory for rewriting the append-only file. Only keys of the cache
    // have a time to live.
    `maxmemory ${Math.floor(memoryMiB * 0.75)}mb`,
    "maxmemory-policy volatile-lru",
    // The file on the volume has the users and the hashes of their passwords, so a new client user
    // does not change this container.
    "aclfile /data/users.acl",
    "",
  ].join("\n"),
});

/**
 * Fires when the server does not answer its exporter, or the blackbox exporter if it has no other.
 */
export const redisDown = (server: string, expr: string, isExternal = false): Alert => ({
  name: "RedisDown",
  severity: "critical",
  expr,
  holds: "1m",
  summary: "Redis does not answer",
  description:
    "Without Redis the worker is not told about new documents, and query embeddings are not cached.",
  runbook: isExternal
    ? externalRunbook("redis", "Redis")
    : `Read \`make logs SERVICE=${server}\`. While it loads its append-only file, it answers no client, so wait. If it ran out of ` +
      "memory (exit code 137), raise its memory limit.",
  suppresses: storeConsequences,
});
