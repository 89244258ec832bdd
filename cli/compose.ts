import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { revisionPlaceholder } from "../config/spec/revision.ts";
import { secretPlaceholder } from "../config/spec/secrets.ts";
import {
  type FileSpec,
  type ImageSource,
  isLongRunning,
  type LongRunning,
  type ServiceSpec,
  type SystemSpec,
} from "../config/spec/service.ts";
import { mebibytes } from "../config/spec/units.ts";

/** How Compose makes an image itself, as its `build` section has it. */
export interface ComposeBuild {
  readonly context: string;
  readonly dockerfile: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
}

const configFolder = "files";

/** What a system does not say of itself. */
export interface ComposeFacts {
  /** Compose's project: the prefix of containers, networks and volumes. */
  readonly project: string;
  /** The name of an image, and whether the engine has it and no registry does. */
  readonly image: (source: ImageSource) => { readonly name: string; readonly local: boolean };
  /** How an image is built. @default nothing is built: `--build` finds nothing to do */
  readonly build?: (source: ImageSource) => ComposeBuild | undefined;
  /** Turns a path of the project into the host's. */
  readonly hostPath: (path: string) => string;
}

/** A Compose file as plain data, to be written as YAML or JSON. */
export interface ComposeFile {
  readonly name: string;
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal: boolean }>>;
  readonly volumes: Readonly<Record<string, Record<string, never>>>;
  readonly configs: Readonly<Record<string, { readonly file: string }>>;
}

/** One service of a Compose file; the keys are Compose's. */
export type ComposeService = Readonly<Record<string, unknown>>;

/** The same system for Docker Compose; the files of its services lie beside it (composeConfigs). */
export function composeFile(system: SystemSpec, facts: ComposeFacts): ComposeFile {
  const { services } = system;
  const jobs = new Set(services.filter((s) => !isLongRunning(s)).map((s) => s.name));
  const volumes = services.filter(isLongRunning).flatMap((s) => s.volumes.map((v) => v.volume));
  const configs = services.flatMap((s) => s.files.map((_, index) => configName(s, index)));
  return literal({
    name: facts.project,
    services: Object.fromEntries(services.map((spec) => [spec.name, service(spec, jobs, facts)])),
    networks: system.networks,
    volumes: Object.fromEntries([...new Set(volumes)].map((volume) => [volume, {}])),
    configs: Object.fromEntries(configs.map((name) => [name, { file: `./${configFolder}/${name}` }])),
  });
}

function service(spec: ServiceSpec, jobs: ReadonlySet<string>, facts: ComposeFacts): ComposeService {
  const build = facts.build?.(spec.image);
  const image = facts.image(spec.image);
  return {
    image: image.name,
    ...(image.local && !build ? { pull_policy: "never" } : {}),
    ...(build ? { build } : {}),
    ...(spec.command ? { command: [...spec.command] } : {}),
    ...(spec.user ? { user: spec.user } : {}),
    environment: { ...spec.environment },
    networks: Object.fromEntries(
      spec.networks.map((network) => [network, { aliases: [...(spec.aliases ?? [])] }]),
    ),
    depends_on: Object.fromEntries(
      spec.dependsOn.map((other) => [other, { condition: condition(other, jobs) }]),
    ),
    configs: spec.files.map(({ path }, index) => ({ source: configName(spec, index), target: path })),
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
function running({ healthcheck, endpoint, ...spec }: LongRunning): ComposeService {
  return {
    restart: "unless-stopped",
    healthcheck: {
      test: [...healthcheck.test],
      interval: healthcheck.interval,
      timeout: healthcheck.timeout,
      start_period: healthcheck.startPeriod,
      retries: healthcheck.retries,
    },
    stop_grace_period: spec.stopGracePeriod,
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
    // As in the stack: the limit is on memory alone.
    memswap_limit: -1,
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

/**
 * The files of a system's services by their names beside the Compose file; secrets stand in them in clear.
 * @throws when a secret has no value
 */
export function composeConfigs(
  { services }: SystemSpec,
  secrets: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    services.flatMap((s) =>
      s.files.map((file, index) => [`${configFolder}/${configName(s, index)}`, filled(file, secrets)]),
    ),
  );
}

function filled(file: FileSpec, secrets: Readonly<Record<string, string>>): string {
  // Compose starts what it replaces in the old one's place, so a service has one release at a time.
  const content = file.content.replace(revisionPlaceholder, "$1");
  return content.replace(secretPlaceholder, (_, name: string) => {
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

/** Writes a Compose file and the files beside it, for this user alone: secrets are in them. */
export function writeCompose(
  folder: string,
  file: ComposeFile,
  configs: Readonly<Record<string, string>>,
): void {
  mkdirSync(join(folder, configFolder), { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(configs)) {
    rmSync(join(folder, name), { force: true });
    // Mounted into containers whose users are none of this host's; the folder above keeps everyone else out.
    writeFileSync(join(folder, name), content, { mode: 0o444 });
  }
  writeFileSync(join(folder, "compose.yaml"), stringify(file, { lineWidth: 0 }), { mode: 0o600 });
}
