import type { Host } from "../config/spec/host.ts";
import { setCommand } from "../config/spec/message.ts";
import { type Problem, problem, wrongValue } from "../config/spec/problem.ts";
import { secretsOf } from "../config/spec/secrets.ts";
import {
  isLongRunning,
  type LongRunning,
  longRunning,
  type ServiceSpec,
  type SystemSpec,
} from "../config/spec/service.ts";
import { mebibytes } from "../config/spec/units.ts";

/** PostgreSQL's defaults. */
const defaults = { max_connections: "100", maintenance_work_mem: "64MB" } as const;

/**
 * Connections that PostgreSQL reserves for its superuser (default of
 * superuser_reserved_connections).
 */
const reservedConnections = 3;

/** Reports limits that contradict each other, the host or PostgreSQL. */
export const capacity = (system: SystemSpec, host: Host): Problem[] => [
  ...reservations(system),
  ...memory(system, host),
  ...cpus(system, host),
  ...connections(system),
  ...sharedMemory(system),
];

const reservations = ({ services }: SystemSpec): Problem[] =>
  services.flatMap(({ name, limits: { reservation, memory } }) => {
    if (!reservation || mebibytes(reservation) <= mebibytes(memory)) return [];
    const why = `must not exceed the memory limit, ${memory}`;
    return [wrongValue(`services.${name}.limits.reservation`, reservation, why, memory)];
  });

function memory({ services }: SystemSpec, { memoryMiB }: Host): Problem[] {
  const memoryOf = (s: LongRunning): number => mebibytes(s.limits.memory) * s.replicas;
  const all = longRunning(services);
  const total = all.reduce((sum, s) => sum + memoryOf(s), 0);
  if (memoryMiB === undefined || total <= memoryMiB) return [];
  const largest = all.toSorted((a, b) => memoryOf(b) - memoryOf(a))[0] as LongRunning;
  const half = `${Math.max(6, Math.floor(mebibytes(largest.limits.memory) / 2))}MiB`;
  return [
    problem(
      "services.*.limits.memory",
      `${total} MiB in all (limits × replicas)`,
      `the host has ${memoryMiB} MiB, ${total - memoryMiB} fewer`,
      `Lower some limits, the largest first: ${setCommand(`services.${largest.name}.limits.memory`, half)}`,
    ),
  ];
}

const cpus = ({ services }: SystemSpec, host: Host): Problem[] =>
  services.flatMap(({ name, limits }) => {
    if (host.cpus === undefined || limits.cpus <= host.cpus) return [];
    const [found, most] = [String(limits.cpus), String(host.cpus)];
    return [wrongValue(`services.${name}.limits.cpus`, found, `the host has ${most}`, most)];
  });

/** Reports connection pools that exceed the connections of their server. */
const connections = ({ services }: SystemSpec): Problem[] =>
  longRunning(services)
    .filter(({ role, credentials }) => role === "postgres" && credentials)
    .flatMap((server) => {
      const password = server.credentials?.password.name;
      const users = services
        .filter((s) => secretsOf(s).some(({ name }) => name === password))
        .map((s) => ({ name: s.name, count: connectionsOf(s) * containersAtOnce(s) }));
      const total = users.reduce((sum, { count }) => sum + count, 0) + reservedConnections;
      const accepted = Number(setting(server, "max_connections"));
      if (total <= accepted) return [];
      const most = users.reduce((a, b) => (b.count > a.count ? b : a));
      const counted = `pools × processes × replicas, twice during a change, ${reservedConnections} reserved`;
      const found = `${total} database connections in all (${counted})`;
      const why = `${server.name} accepts ${accepted}`;
      return [wrongValue(`services.${most.name}.replicas`, found, why, "1", "Run fewer")];
    });

/**
 * Pool × processes from the environment, which a user may have changed; otherwise the service's own
 * number.
 */
function connectionsOf({ environment, databaseConnections }: ServiceSpec): number {
  const pool = Number(environment.RAG_DATABASE_POOL_SIZE);
  return Number.isFinite(pool) ? pool * Number(environment.RAG_API_WORKERS ?? 1) : (databaseConnections ?? 0);
}

/** While a stateless service is replaced, old and new containers run together. */
function containersAtOnce(service: ServiceSpec): number {
  if (!isLongRunning(service)) return 1;
  return service.kind === "stateless" ? 2 * service.replicas : service.replicas;
}

/** Reports a /dev/shm that is too small for an HNSW build. */
const sharedMemory = ({ services }: SystemSpec): Problem[] =>
  longRunning(services)
    .filter(({ role, shm }) => role === "postgres" && shm !== undefined)
    .flatMap((server) => {
      const needed = Number.parseInt(setting(server, "maintenance_work_mem"), 10);
      if (!server.shm || mebibytes(server.shm) >= needed) return [];
      const why = `building an HNSW index uses maintenance_work_mem, ${needed} MiB`;
      return [wrongValue(`services.${server.name}.shm`, server.shm, why, `${needed}MiB`)];
    });

/** A setting on a server's command line, `-c name=value`, or PostgreSQL's default. */
const setting = ({ command = [] }: LongRunning, name: keyof typeof defaults): string =>
  command.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? defaults[name];
