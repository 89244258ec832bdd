import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { startWith } from "../config/spec/container-options.ts";
import { fill } from "../config/spec/content.ts";
import { callsHost, hostGateway } from "../config/spec/host-gateway.ts";
import type { ImageSource } from "../config/spec/image.ts";
import { hasWayOut, nameOn, noDns, outsideNetwork } from "../config/spec/networks.ts";
import { countFolder, dockerCheck } from "../config/spec/recovery.ts";
import type { FileSpec, LongRunning, ServiceSpec, SystemSpec } from "../config/spec/service.ts";
import { isLongRunning, listenAddress, publishedPorts } from "../config/spec/service.ts";
import { mebibytes } from "../config/spec/units.ts";

/** The `build` section of a service: how Compose builds the image. */
export interface ComposeBuild {
  readonly context: string;
  readonly dockerfile: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
}

const configFolder = "files";

export interface ComposeFacts {
  /** Compose's project: the prefix of containers, networks and volumes. */
  readonly project: string;
  /** The name of an image, and whether only this Docker host has it. */
  readonly image: (source: ImageSource) => { readonly name: string; readonly local: boolean };
  /** Returns the build of an image. @default no image is built */
  readonly build?: (source: ImageSource) => ComposeBuild | undefined;
  /** Turns a path of the project into the host's. */
  readonly hostPath: (path: string) => string;
  /**
   * The whole command lines of services with a start script, by service.
   * @default no service has one
   */
  readonly programs?: Readonly<Record<string, readonly string[]>>;
}

/** A Compose file as plain data, for YAML or JSON. */
export type ComposeFile = ReturnType<typeof composeFile>;

/** One service of a Compose file; the keys are Compose's. */
type ComposeService = Readonly<Record<string, unknown>>;

/**
 * Returns the system as a Compose file. The files of its services are in the same folder
 * (composeConfigs).
 */
export function composeFile(system: SystemSpec, facts: ComposeFacts) {
  const { services } = system;
  const jobs = new Set(services.filter((s) => !isLongRunning(s)).map((s) => s.name));
  const volumes = services.flatMap((s) => s.volumes.map((v) => v.volume));
  const configs = services.flatMap((s) => s.files.map((_, index) => configName(s, index)));
  return literal({
    name: facts.project,
    services: Object.fromEntries(services.map((spec) => [spec.name, service(spec, jobs, facts)])),
    networks: composeNetworks(system),
    volumes: Object.fromEntries(volumes.map((volume) => [volume, {}])),
    configs: Object.fromEntries(configs.map((name) => [name, { file: `./${configFolder}/${name}` }])),
  });
}

/**
 * Compose gives a service its name on each of its networks. On a shared network with a route out,
 * that name would lead to an address that others cannot reach. So each service gets its own
 * network.
 */
const networkName = (network: string, { name }: ServiceSpec): string =>
  network === outsideNetwork ? `${outsideNetwork}-${name}` : network;

const composeNetworks = ({ services, networks }: SystemSpec): Record<string, { internal: boolean }> =>
  Object.fromEntries(
    services.flatMap((spec) =>
      spec.networks.map((network) => [
        networkName(network, spec),
        { internal: networks[network]?.internal ?? true },
      ]),
    ),
  );

function service(spec: ServiceSpec, jobs: ReadonlySet<string>, facts: ComposeFacts): ComposeService {
  const build = facts.build?.(spec.image);
  const image = facts.image(spec.image);
  return {
    image: image.name,
    ...(image.local && !build ? { pull_policy: "never" } : {}),
    ...(build ? { build } : {}),
    ...program(spec, facts),
    ...(spec.hostname ? { hostname: spec.hostname } : {}),
    ...(spec.workingDir ? { working_dir: spec.workingDir } : {}),
    ...(spec.labels ? { labels: spec.labels } : {}),
    ...(spec.user ? { user: spec.user } : {}),
    cap_drop: ["ALL"],
    ...(spec.capabilities?.length ? { cap_add: spec.capabilities } : {}),
    ...(spec.tmpfs ? { read_only: true, tmpfs: spec.tmpfs } : {}),
    ...(spec.ulimits ? { ulimits: spec.ulimits } : {}),
    environment: spec.environment,
    networks: Object.fromEntries(
      spec.networks.map((network) => [
        networkName(network, spec),
        { aliases: [...(spec.aliases ?? []), nameOn(network, spec.name)] },
      ]),
    ),
    ...(hasWayOut(spec) ? {} : { dns: noDns.servers, dns_opt: noDns.options }),
    depends_on: Object.fromEntries(
      spec.dependsOn.map((other) => [
        other,
        { condition: jobs.has(other) ? "service_completed_successfully" : "service_healthy" },
      ]),
    ),
    configs: spec.files.map(({ path }, index) => ({ source: configName(spec, index), target: path })),
    ...limits(spec),
    logging: {
      driver: "json-file",
      options: { "max-size": `${mebibytes(spec.logs.maxSize)}m`, "max-file": String(spec.logs.maxFiles) },
    },
    security_opt: ["no-new-privileges:true", ...(spec.mounts.length > 0 ? ["label=disable"] : [])],
    ...(callsHost(spec) || spec.extraHosts ? { extra_hosts: hostsOf(spec) } : {}),
    volumes: [...volumesOf(spec, facts), ...countVolumes(spec)],
    ...(spec.gpus ? { gpus: spec.gpus } : {}),
    ...(isLongRunning(spec) ? running(spec) : { restart: "no", healthcheck: { disable: true } }),
  };
}

function program({ name, entrypoint, command, startScript }: ServiceSpec, { programs }: ComposeFacts) {
  if (startScript) return { entrypoint: startWith(startScript), command: programs?.[name] ?? command };
  return { ...(entrypoint ? { entrypoint } : {}), ...(command ? { command } : {}) };
}

const hostsOf = (spec: ServiceSpec): string[] =>
  Object.entries({ ...(callsHost(spec) ? { [hostGateway]: "host-gateway" } : {}), ...spec.extraHosts }).map(
    ([host, address]) => `${host}:${address}`,
  );

function running(spec: LongRunning): ComposeService {
  const { test, interval, timeout, startPeriod, retries } = {
    ...spec.healthcheck,
    ...dockerCheck(spec),
  };
  const ports = publishedPorts(spec).map((port) => ({
    target: port.container,
    published: String(port.host),
    host_ip: listenAddress(port),
    protocol: "tcp",
  }));
  return {
    restart: "unless-stopped",
    ...(spec.restartUnhealthy ? { init: true } : {}),
    healthcheck: { test, interval, timeout, start_period: startPeriod, retries },
    stop_grace_period: spec.stopGracePeriod,
    ...(spec.shm ? { shm_size: `${mebibytes(spec.shm)}m` } : {}),
    ...(spec.replicas > 1 ? { scale: spec.replicas } : {}),
    ...(ports.length > 0 ? { ports } : {}),
  };
}

const limits = ({ limits: { cpus, memory, reservation } }: ServiceSpec): ComposeService => ({
  cpus,
  mem_limit: `${mebibytes(memory)}m`,
  // As in the stack, the limit applies to memory but not to swap.
  memswap_limit: -1,
  ...(reservation ? { mem_reservation: `${mebibytes(reservation)}m` } : {}),
});

const volumesOf = (
  { mounts, volumes, writable = {} }: ServiceSpec,
  { hostPath }: ComposeFacts,
): unknown[] => [
  ...mounts.map(({ source, target, readOnly }) => ({
    type: "bind",
    source: hostPath(source),
    target,
    read_only: readOnly,
  })),
  ...volumes.map(({ volume, path, readOnly }) => ({
    type: "volume",
    source: volume,
    target: path,
    ...(readOnly ? { read_only: true } : {}),
  })),
  ...Object.entries(writable).map(([target, size]) => ({
    type: "tmpfs",
    target,
    tmpfs: { size: `${mebibytes(size)}m`, mode: 0o1777 },
  })),
];

/** The volume without a name in which a service with a read-only root counts its restarts. */
const countVolumes = (spec: ServiceSpec): unknown[] =>
  spec.tmpfs && isLongRunning(spec) && spec.restartUnhealthy ? [{ type: "volume", target: countFolder }] : [];

const configName = (spec: ServiceSpec, index: number): string => `${spec.name}-${index + 1}`;

/**
 * The files of a system's services by their names in the folder of the Compose file. They contain
 * secrets in clear text.
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

const filled = ({ path, content }: FileSpec, secrets: Readonly<Record<string, string>>): string =>
  fill(content, {
    // Compose replaces a container in place, so a service has one revision at a time.
    revision: (service) => service,
    secret: ({ name }) => {
      const value = secrets[name];
      if (value === undefined) throw new Error(`The secret "${name}" of ${path} has no value.`);
      return value;
    },
  });

/** `value` with every `$` doubled. Compose reads a single `$` as a variable. */
const literal = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value), (_, item) =>
    typeof item === "string" ? item.replaceAll("$", "$$$$") : item,
  );

/**
 * Writes a Compose file and its other files. Only this user can read them, because they contain
 * secrets.
 */
export function writeCompose(
  folder: string,
  file: ComposeFile,
  configs: Readonly<Record<string, string>>,
): void {
  mkdirSync(join(folder, configFolder), { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(configs)) {
    rmSync(join(folder, name), { force: true });
    // Files are readable by all users, because the containers' users read them. The parent folder
    // denies access to other users of this host.
    writeFileSync(join(folder, name), content, { mode: 0o444 });
  }
  writeFileSync(join(folder, "compose.yaml"), stringify(file, { lineWidth: 0 }), { mode: 0o600 });
}
