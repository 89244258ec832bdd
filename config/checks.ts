import { type Problem, setCommand } from "./problem.ts";
import type { Settings } from "./schema.ts";
import { isLongRunning, type LongRunning, type ServiceSpec } from "./service.ts";
import { needsKey } from "./services/app.ts";
import { maxConnections, postgresTuning } from "./services/stores.ts";
import { mebibytes } from "./units.ts";

/** The engine's host; unknown parts are not checked. */
export interface Host {
  readonly memoryMiB?: number;
  readonly cpus?: number;
}

/** What the cross-checks look at. */
export interface Subject {
  readonly settings: Settings;
  readonly services: readonly ServiceSpec[];
  readonly secrets: ReadonlySet<string>;
  readonly host: Host;
}

/** What PostgreSQL keeps for its superuser: superuser_reserved_connections, default 3. */
const reservedConnections = 3;

/** Everything that single settings cannot know: how they fit together, and the host. */
export function checks(subject: Subject): Problem[] {
  return [
    names,
    ports,
    exposure,
    replicas,
    limits,
    connections,
    sharedMemory,
    keys,
    productionOnly,
    app,
  ].flatMap((check) => check(subject));
}

const longRunning = (subject: Subject): LongRunning[] => subject.services.filter(isLongRunning);

function names({ services }: Subject): Problem[] {
  const seen = new Set<string>();
  return services.flatMap(({ name }) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [
      problem(
        `services.${name}`,
        "two services of this name",
        "names are addresses and must differ",
        "Rename one of them.",
      ),
    ];
  });
}

function ports(subject: Subject): Problem[] {
  const taken = new Map<number, string>();
  return longRunning(subject).flatMap(({ name, endpoint }) => {
    if (!endpoint || endpoint.exposure === "none") return [];
    const other = taken.get(endpoint.host);
    taken.set(endpoint.host, name);
    if (other === undefined) return [];
    const free = freePort(endpoint.host, subject);
    return [
      problem(
        `services.${name}.port`,
        String(endpoint.host),
        `${other} has this port already`,
        `Type: ${setCommand(`services.${name}.port`, String(free))}`,
      ),
    ];
  });
}

function freePort(from: number, subject: Subject): number {
  const used = new Set(longRunning(subject).map((s) => s.endpoint?.host));
  let port = from;
  while (used.has(port)) port = port >= 65_535 ? 1024 : port + 1;
  return port;
}

function exposure(subject: Subject): Problem[] {
  return longRunning(subject).flatMap(({ name, kind, role, endpoint }) =>
    kind === "store" && endpoint?.exposure === "public" && role !== "gateway"
      ? [
          problem(
            `services.${name}.exposure`,
            '"public"',
            "a store or a console is reachable from this host at most",
            `Type: ${setCommand(`services.${name}.exposure`, "loopback")}`,
          ),
        ]
      : [],
  );
}

function replicas(subject: Subject): Problem[] {
  return longRunning(subject).flatMap(({ name, kind, replicas: count, endpoint }) => {
    if (count === 1) return [];
    const one = `Type: ${setCommand(`services.${name}.replicas`, "1")}`;
    const path = `services.${name}.replicas`;
    if (kind === "store") {
      return [
        problem(
          path,
          String(count),
          "a store keeps its data in one volume, which takes one server: 1 at most",
          one,
        ),
      ];
    }
    if (endpoint && endpoint.exposure !== "none") {
      return [
        problem(
          path,
          String(count),
          "a service with a port on the host takes that port once: 1 at most",
          one,
        ),
      ];
    }
    return [];
  });
}

function limits(subject: Subject): Problem[] {
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
    const [largest] = [...services].sort((a, b) => mebibytes(b.limits.memory) - mebibytes(a.limits.memory));
    problems.push(
      problem(
        "services.*.limits.memory",
        `${total} MiB in all`,
        `the host has ${host.memoryMiB} MiB`,
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

function connections({ services }: Subject): Problem[] {
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

function sharedMemory(subject: Subject): Problem[] {
  return longRunning(subject).flatMap((s) => {
    if (s.role !== "postgres" || !s.shm) return [];
    const needed = Number.parseInt(
      postgresTuning(mebibytes(s.limits.memory)).maintenance_work_mem ?? "0",
      10,
    );
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

function keys({ settings, secrets }: Subject): Problem[] {
  const wanted = [
    { path: "llm.provider", settings: settings.llm, key: "llmApiKey" },
    { path: "embeddings.provider", settings: settings.embeddings, key: "embeddingsApiKey" },
  ];
  return wanted
    .filter((w) => needsKey(w.settings) && !secrets.has(w.key))
    .map((w) =>
      problem(
        w.path,
        `"${w.settings.provider}" without its key`,
        "this provider answers nobody without one",
        `Type: pulumi config set --secret ragdock:${w.key}   (or: make secret KEY=${w.key})`,
      ),
    );
}

function productionOnly({ settings }: Subject): Problem[] {
  if (settings.environment === "dev") return [];
  return Object.entries(settings.services).flatMap(([name, s]) =>
    [["live", s.live === true] as const, ["mounts", (s.mounts?.length ?? 0) > 0] as const]
      .filter(([, set]) => set)
      .map(([key]) =>
        problem(
          `services.${name}.${key}`,
          "set",
          "production runs what is in its images and nothing else",
          `Type: pulumi config rm --path 'ragdock:services.${name}.${key}'`,
        ),
      ),
  );
}

function app({ settings: { app: own } }: Subject): Problem[] {
  if (!own || (own.source === undefined) !== (own.image === undefined)) return [];
  return [
    problem(
      "app",
      own.source === undefined ? "neither source nor image" : "both source and image",
      "exactly one of them says what to run",
      `Type: ${setCommand("app.source", "FOLDER")}`,
    ),
  ];
}

function problem(path: string, found: string, what: string, fix: string): Problem {
  return { path: `ragdock:${path}`, found, problem: what, fix };
}
