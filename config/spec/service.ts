import type { AccessRule } from "./access.ts";
import type { Blackbox } from "./blackbox.ts";
import type { ContainerOptions } from "./container-options.ts";
import type { Content, SecretSource } from "./content.ts";
import type { Credentials } from "./credentials.ts";
import type { ExternalStore } from "./external-store.ts";
import type { Healthcheck } from "./healthcheck.ts";
import type { ImageSource } from "./image.ts";
import type { Capability, Limits, LogRotation } from "./limits.ts";
import type { Alert, Datasource, Row } from "./monitoring.ts";
import type { OwnRegistry } from "./own-registry.ts";
import type { Database, PostgresVersion } from "./postgres.ts";
import type { Recovery } from "./recovery.ts";
import type { SwarmOptions, Target } from "./target.ts";
import type { Duration, Size } from "./units.ts";

/** The clients that can reach a published port: none, this host, or all. */
export type Exposure = "none" | "loopback" | "public";

/** A network. An internal one has no route out. On any other one, containers do not connect. */
export interface Network {
  readonly internal: boolean;
}

/** The role of a service in the system. Alerts and dashboards depend on it. */
export type Role =
  | "api"
  | "worker"
  | "ui"
  | "gateway"
  | "ingress"
  | "auth"
  | "certificates"
  | "registry"
  | "postgres"
  | "redis"
  | "chroma"
  | "store"
  | "model"
  | "monitoring"
  | "exporter";

/** A file in the container. A file that contains a secret is secret. */
export interface FileSpec {
  readonly path: string;
  readonly content: Content;
}

export interface VolumeMount {
  /** Short name. The volume's full name has project and stack in front. */
  readonly volume: string;
  readonly path: string;
  /** Whether the service only reads what another service writes there. @default false */
  readonly readOnly?: boolean;
  /**
   * Files in it that belong to this stack and not to its data: a restore leaves them as they are.
   */
  readonly own?: readonly string[];
}

export interface BindMount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** A port of a container that may be published on the host. */
export interface PublishedPort {
  readonly container: number;
  readonly host: number;
  readonly exposure: Exposure;
  /** The service whose settings decide port and exposure. @default the one that has the port */
  readonly owner?: string;
  /** Whether clients must use TLS. @default false */
  readonly tls?: boolean;
  /** Whether it only leads to the port with TLS, and answers the certificate authority. @default false */
  readonly redirects?: boolean;
}

/** A path of a gateway or an ingress, and the service it leads to. */
export interface Route {
  /** The port in the container that takes the requests. */
  readonly listen: number;
  readonly path: string;
  readonly service: string;
  readonly port: number;
  /** Whether the service gets only the rest of the path. @default false */
  readonly strip?: boolean;
}

interface Workload extends ContainerOptions {
  /** The name by which other services reach it. */
  readonly name: string;
  readonly role: Role;
  readonly image: ImageSource;
  /** The program that gets `command` as its arguments. @default the image's */
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  /** `uid:gid`. @default the image's user */
  readonly user?: string;
  /** The capabilities of Linux that it keeps. All other capabilities are dropped. @default none */
  readonly capabilities?: readonly Capability[];
  /**
   * The folders in memory that it writes to. If this is set and the service has no files, its root
   * file system is read-only. Docker cannot upload files into a read-only container.
   * @default it may write anywhere
   */
  readonly tmpfs?: readonly string[];
  /** Services that it calls, in addition to those that it waits for. @default none */
  readonly calls?: readonly string[];
  /** Whether it calls hosts outside of the stack. @default false */
  readonly outside?: boolean;
  /** The pass `networks` computes them from `calls`, `dependsOn` and `outside`. */
  readonly networks: readonly string[];
  /** More names by which other services reach it. */
  readonly aliases?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly files: readonly FileSpec[];
  readonly mounts: readonly BindMount[];
  readonly volumes: readonly VolumeMount[];
  readonly limits: Limits;
  readonly logs: LogRotation;
  /** Services that must be healthy, and jobs that must have succeeded, before this one starts. */
  readonly dependsOn: readonly string[];
  /** The largest number of database connections that all processes of one replica open together. */
  readonly databaseConnections?: number;
  /** The GPUs of the container. The Docker provider knows `all` only. @default none */
  readonly gpus?: "all";
}

/** A service that stays up. */
export interface LongRunning extends Workload {
  /**
   * A stateful service stops before its successor starts, and keeps its volumes. The successor of a
   * stateless service starts first.
   */
  readonly kind: "stateful" | "stateless";
  readonly healthcheck: Healthcheck;
  /** When its containers are restarted if they stay unhealthy. @default never */
  readonly restartUnhealthy?: Recovery;
  readonly replicas: number;
  readonly ports: readonly PublishedPort[];
  /** Gateway and ingress: the routes of requests. */
  readonly routes?: readonly Route[];
  /** Time from SIGTERM, or the image's stop signal, to SIGKILL. */
  readonly stopGracePeriod: Duration;
  /** PostgreSQL: the major version of its image and of the data in its volume. */
  readonly postgresVersion?: PostgresVersion;
  /** PostgreSQL: its database and the role that owns it. Clients act as this role. */
  readonly database?: Database;
  /** PostgreSQL and Redis: who logs in. */
  readonly credentials?: Credentials;
  /** Size of /dev/shm. @default Docker's 64 MiB */
  readonly shm?: Size;
  readonly metrics?: { readonly port: number; readonly path: Content };
  /** The largest request that the gateway passes to it. @default 26MiB */
  readonly maxRequest?: Size;
  /** The longest time without a byte of its answer. @default 600s */
  readonly answerTimeout?: Duration;
  /**
   * The paths that accept requests of up to `maxRequest`. All other paths accept 64 KiB.
   * @default all paths
   */
  readonly uploadPaths?: readonly string[];
  /**
   * Whether its pages belong to a user's own application. Such pages may load from other sites and
   * use the camera. @default false
   */
  readonly ownPages?: boolean;
  /** Who may send requests to it, if the stack has a sign-in. The first rule that fits decides. */
  readonly access?: readonly AccessRule[];
  /** The check of the blackbox exporter. */
  readonly blackbox?: Blackbox;
  /**
   * The path where an application reports whether it can work, including its stores. The image has
   * python3. `make health` requests it. @default nowhere
   */
  readonly readiness?: { readonly port: number; readonly path: string };
  /** The time for which a new revision must answer before it gets requests. @default not at all */
  readonly soak?: Duration;
  readonly alerts?: readonly Alert[];
  readonly rows?: readonly Row[];
  readonly datasource?: Datasource;
}

/** A container that runs once. Its dependants start when it ends with exit code 0. */
export interface Job extends Workload {
  readonly kind: "job";
  /** The longest time that it may take. @default 20m, the Docker provider's own */
  readonly timeout?: Duration;
  /** The store outside of the stack that the job checks before its clients start. @default none */
  readonly checks?: ExternalStore;
}

export type ServiceSpec = LongRunning | Job;

/** A whole system as plain data. The components turn it into resources. */
export interface SystemSpec {
  readonly name: string;
  /** A digest of the files of a system from outside of Ragdock. @default one of Ragdock's own */
  readonly source?: string;
  readonly environment: "dev" | "prod";
  readonly target: Target;
  readonly swarm: SwarmOptions;
  readonly images: "registry" | "packages";
  /** The prefix of pulled official images, such as a mirror. @default each from its own registry */
  readonly registry: string | undefined;
  /** The registry that the stack runs. @default none */
  readonly ownRegistry?: OwnRegistry;
  /** Images that run by this reference instead of being built or pulled, by short name. */
  readonly pinned: Readonly<Record<string, string>>;
  readonly services: readonly ServiceSpec[];
  /** The networks that services are on, by short name. */
  readonly networks: Readonly<Record<string, Network>>;
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** Services that this image source cannot offer, and why. */
  readonly unavailable: Readonly<Record<string, string>>;
  /** Name of the URL → address. */
  readonly urls: Readonly<Record<string, string>>;
  /** Volumes whose loss the user accepted, by short name, with the time they were created. */
  readonly lostVolumes: Readonly<Record<string, string>>;
  /** Own applications whose loss of files outside of volumes was accepted, and the newest container's time. */
  readonly lostFiles: Readonly<Record<string, string>>;
}

/** The volumes that hold the service's own data. */
export const ownVolumes = ({ volumes }: ServiceSpec): readonly VolumeMount[] =>
  volumes.filter(({ readOnly }) => !readOnly);

/** Type guard: a service that stays up. */
export const isLongRunning = (s: ServiceSpec): s is LongRunning => s.kind !== "job";

export const longRunning = (services: readonly ServiceSpec[]): LongRunning[] =>
  services.filter(isLongRunning);

/** A store whose clients log in. */
export type Guarded = LongRunning & Required<Pick<LongRunning, "credentials">>;

/** Type guard: a store whose clients log in. */
export const isGuarded = (s: ServiceSpec): s is Guarded => isLongRunning(s) && s.credentials !== undefined;

/** The ports that a service publishes on the host. */
export const publishedPorts = (s: ServiceSpec): readonly PublishedPort[] =>
  isLongRunning(s) ? s.ports.filter(({ exposure }) => exposure !== "none") : [];

/** The host address that a port listens on. */
export const listenAddress = ({ exposure }: PublishedPort): string =>
  exposure === "public" ? "0.0.0.0" : "127.0.0.1";
