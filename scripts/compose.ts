import { secretPlace } from "../config/secrets.ts";
import {
  type FileSpec,
  type ImageSource,
  isLongRunning,
  type LongRunning,
  type ServiceSpec,
  type SystemSpec,
} from "../config/service.ts";
import { mebibytes } from "../config/units.ts";

/** How Compose makes an image itself, as its `build` section has it. */
export interface ComposeBuild {
  readonly context: string;
  readonly dockerfile: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
}

/** What a system does not say of itself. */
export interface ComposeFacts {
  /** Compose's project: the prefix of containers, networks and volumes. */
  readonly project: string;
  /** The name of an image that the engine has or can pull. */
  readonly image: (source: ImageSource) => string;
  /** How an image is built. @default nothing is built: `--build` finds nothing to do */
  readonly build?: (source: ImageSource) => ComposeBuild | undefined;
  /** Values of the system's secrets by name; they stand in clear in the result. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Turns a path of the project into the host's. */
  readonly hostPath: (path: string) => string;
}

/** A Compose file as plain data, to be written as YAML or JSON. */
export interface ComposeFile {
  readonly name: string;
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal: boolean }>>;
  readonly volumes: Readonly<Record<string, Record<string, never>>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
}

/** One service of a Compose file; the keys are Compose's. */
export type ComposeService = Readonly<Record<string, unknown>>;

/**
 * The same system for Docker Compose 2.23.1 or newer, the first with inline configs.
 * Files of services become configs with inline content, and secrets stand in them in clear: keep the result to yourself.
 * @throws when a secret has no value
 */
export function composeFile(system: SystemSpec, facts: ComposeFacts): ComposeFile {
  const { services } = system;
  const jobs = new Set(services.filter((s) => !isLongRunning(s)).map((s) => s.name));
  const volumes = services.filter(isLongRunning).flatMap((s) => s.volumes.map((v) => v.volume));
  const files = services.flatMap((s) =>
    s.files.map((file, index) => [configName(s, index), { content: filled(file, facts.secrets) }] as const),
  );
  return literal({
    name: facts.project,
    services: Object.fromEntries(services.map((spec) => [spec.name, service(spec, jobs, facts)])),
    networks: system.networks,
    volumes: Object.fromEntries([...new Set(volumes)].map((volume) => [volume, {}])),
    configs: Object.fromEntries(files),
  });
}

function service(spec: ServiceSpec, jobs: ReadonlySet<string>, facts: ComposeFacts): ComposeService {
  const build = facts.build?.(spec.image);
  return {
    image: facts.image(spec.image),
    ...(build ? { build } : {}),
    ...(spec.command ? { command: [...spec.command] } : {}),
    ...(spec.user ? { user: spec.user } : {}),
    environment: { ...spec.environment },
    networks: Object.fromEntries(
      spec.networks.map((network) => [network, { aliases: [...(spec.aliases ?? [])] }]),
    ),
    depends_on: Object.fromEntries(spec.after.map((other) => [other, { condition: condition(other, jobs) }])),
    configs: spec.files.map(({ path }, index) => ({
      source: configName(spec, index),
      target: path,
      mode: "0444",
    })),
    ...limits(spec),
    logging: {
      driver: "json-file",
      options: { "max-size": `${mebibytes(spec.logs.maxSize)}m`, "max-file": String(spec.logs.maxFiles) },
    },
    security_opt: ["no-new-privileges:true"],
    volumes: [...binds(spec, facts), ...(isLongRunning(spec) ? named(spec) : [])],
    ...(isLongRunning(spec) ? running(spec) : { restart: "no", healthcheck: { disable: true } }),
  };
}

/** What only a service that stays up has. */
function running({ probe, endpoint, ...spec }: LongRunning): ComposeService {
  return {
    restart: "unless-stopped",
    healthcheck: {
      test: [...probe.test],
      interval: probe.interval,
      timeout: probe.timeout,
      start_period: probe.startPeriod,
      retries: probe.retries,
    },
    stop_grace_period: spec.stopGrace,
    ...(spec.shm ? { shm_size: `${mebibytes(spec.shm)}m` } : {}),
    ...(spec.replicas > 1 ? { scale: spec.replicas } : {}),
    ...(endpoint && endpoint.exposure !== "none"
      ? {
          ports: [
            {
              target: endpoint.container,
              published: String(endpoint.host),
              host_ip: endpoint.exposure === "public" ? "0.0.0.0" : "127.0.0.1",
              protocol: "tcp",
            },
          ],
        }
      : {}),
  };
}

function limits({ limits: { cpus, memory, reservation } }: ServiceSpec): ComposeService {
  const most = `${mebibytes(memory)}m`;
  return {
    cpus,
    mem_limit: most,
    // Twice the same: no swap.
    memswap_limit: most,
    ...(reservation ? { mem_reservation: `${mebibytes(reservation)}m` } : {}),
  };
}

const binds = (spec: ServiceSpec, { hostPath }: ComposeFacts): unknown[] =>
  spec.mounts.map(({ source, target, readOnly }) => ({
    type: "bind",
    source: hostPath(source),
    target,
    read_only: readOnly,
  }));

const named = (spec: LongRunning): unknown[] =>
  spec.volumes.map(({ volume, path }) => ({ type: "volume", source: volume, target: path }));

const condition = (name: string, jobs: ReadonlySet<string>): string =>
  jobs.has(name) ? "service_completed_successfully" : "service_healthy";

const configName = (spec: ServiceSpec, index: number): string => `${spec.name}-${index + 1}`;

function filled(file: FileSpec, secrets: ComposeFacts["secrets"]): string {
  return file.content.replace(secretPlace, (_, name: string) => {
    const value = secrets[name];
    if (value === undefined) throw new Error(`The secret "${name}" of ${file.path} has no value.`);
    return value;
  });
}

/** `value` with every `$` doubled: Compose takes a single one for a variable. */
function literal<T>(value: T): T {
  if (typeof value === "string") return value.replaceAll("$", "$$$$") as T;
  if (Array.isArray(value)) return value.map(literal) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, literal(item)])) as T;
}
