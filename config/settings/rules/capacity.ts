import { maintenanceMemory, maxConnections } from "../../services/stores.ts";
import { isLongRunning, type LongRunning, type ServiceSpec } from "../../spec/service.ts";
import { mebibytes } from "../../spec/units.ts";
import { type Problem, problem, setCommand } from "../problem.ts";

/** The engine's host; unknown parts are not checked. */
export interface Host {
  readonly memoryMiB?: number;
  readonly cpus?: number;
}

interface Subject {
  readonly services: readonly ServiceSpec[];
  readonly host: Host;
}

/** What PostgreSQL keeps for its superuser: superuser_reserved_connections, default 3. */
const reservedConnections = 3;

const longRunning = (subject: Subject): LongRunning[] => subject.services.filter(isLongRunning);

/** Whether limits fit each other and the host. */
export function limits(subject: Subject): Problem[] {
  const { services, host } = subject;
  const problems = services.flatMap((s) => {
    const { reservation, memory } = s.limits;
    if (!reservation || mebibytes(reservation) <= mebibytes(memory)) return [];
    const path = `services.${s.name}.limits.reservation`;
    return [
      problem(path, reservation, `at most the memory limit, ${memory}`, `Type: ${setCommand(path, memory)}`),
    ];
  });
  const total = services
    .filter(isLongRunning)
    .reduce((sum, s) => sum + mebibytes(s.limits.memory) * s.replicas, 0);
  if (host.memoryMiB !== undefined && total > host.memoryMiB) {
    const memoryOf = (s: LongRunning): number => mebibytes(s.limits.memory) * s.replicas;
    const [largest] = services.filter(isLongRunning).sort((a, b) => memoryOf(b) - memoryOf(a));
    problems.push(
      problem(
        "services.*.limits.memory",
        `${total} MiB in all (limits × replicas)`,
        `the host has ${host.memoryMiB} MiB, ${total - host.memoryMiB} fewer`,
        `Lower some, the largest first: ${setCommand(`services.${largest?.name}.limits.memory`, "LESS")}`,
      ),
    );
  }
  return [...problems, ...services.flatMap((s) => tooManyCpus(s, host))];
}

function tooManyCpus(service: ServiceSpec, host: Host): Problem[] {
  if (host.cpus === undefined || service.limits.cpus <= host.cpus) return [];
  const path = `services.${service.name}.limits.cpus`;
  return [
    problem(
      path,
      String(service.limits.cpus),
      `the host has ${host.cpus}`,
      `Type: ${setCommand(path, String(host.cpus))}`,
    ),
  ];
}

/** Whether the pools of all containers fit into what PostgreSQL accepts. */
export function connections({ services }: Subject): Problem[] {
  if (!services.some((s) => s.role === "postgres")) return [];
  const users = services.map((s) => ({
    name: s.name,
    count: connectionsOf(s) * containersAtOnce(s),
  }));
  const total = users.reduce((sum, u) => sum + u.count, 0) + reservedConnections;
  if (total <= maxConnections) return [];
  const most = users.reduce((a, b) => (b.count > a.count ? b : a));
  return [
    problem(
      `services.${most.name}.replicas`,
      `${total} database connections in all (pools × processes × replicas, twice during a change, ${reservedConnections} reserved)`,
      `PostgreSQL accepts ${maxConnections}`,
      `Type: ${setCommand(`services.${most.name}.replicas`, "FEWER")}`,
    ),
  ];
}

/** Pool × processes where the environment says so, which a user may have changed, else the service's own number. */
function connectionsOf({ environment, databaseConnections }: ServiceSpec): number {
  const pool = Number(environment.RAG_DATABASE_POOL_SIZE);
  return Number.isFinite(pool) ? pool * Number(environment.RAG_API_WORKERS ?? 1) : (databaseConnections ?? 0);
}

/** While a stateless service is replaced, old and new containers run side by side. */
function containersAtOnce(service: ServiceSpec): number {
  if (!isLongRunning(service)) return 1;
  return service.kind === "stateless" ? 2 * service.replicas : service.replicas;
}

/** Whether an HNSW build fits into /dev/shm. */
export function sharedMemory(subject: Subject): Problem[] {
  return longRunning(subject).flatMap((s) => {
    if (s.role !== "postgres" || !s.shm) return [];
    const needed = maintenanceMemory(s.command);
    if (mebibytes(s.shm) >= needed) return [];
    return [
      problem(
        `services.${s.name}.shm`,
        s.shm,
        `an HNSW build takes maintenance_work_mem, ${needed} MiB`,
        `Type: ${setCommand(`services.${s.name}.shm`, `${needed}MiB`)}`,
      ),
    ];
  });
}
