import type { ImageName } from "../images.ts";
import type { PostgresVersion } from "../settings/schema.ts";
import type { Healthcheck } from "./healthcheck.ts";
import type { Duration, Size } from "./units.ts";

/** Where a service can be reached from: its own networks only, this host, or everywhere. */
export type Exposure = "none" | "loopback" | "public";

/** A network of a system; an internal one has no way out and cannot carry a published port. */
export interface Network {
  readonly internal: boolean;
}

/** What a service is to the system: decides its dashboards and alerts. */
export type Role =
  | "api"
  | "worker"
  | "ui"
  | "gateway"
  | "postgres"
  | "redis"
  | "chroma"
  | "monitoring"
  | "exporter";

/** The image a service runs. */
export type ImageSource =
  /** One of the catalogue in images.ts: pulled, or built as a stand-in. */
  | { readonly from: "catalogue"; readonly name: ImageName }
  /** Built from a folder. */
  | Built
  /** Somebody else's, by reference. */
  | { readonly from: "reference"; readonly reference: string };

/** An image built from a folder of the project. */
export interface Built {
  readonly from: "build";
  readonly name: string;
  readonly context: string;
  readonly dockerfile: string;
  /** Images it builds on: each is handed over as build argument `<NAME>_IMAGE`. */
  readonly bases?: readonly (Built | { readonly from: "catalogue"; readonly name: ImageName })[];
  readonly target?: string;
}

/** A file put into the container; `{{secret:NAME}}` in it is replaced by that secret and makes the file one. */
export interface FileSpec {
  readonly path: string;
  readonly content: string;
}

export interface VolumeMount {
  /** Short name: the volume's full name carries project and stack. */
  readonly volume: string;
  readonly path: string;
  /** Files in it that belong to this stack and not to its data: a restored backup leaves them as they are. */
  readonly own?: readonly string[];
}

export interface BindMount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** The one port of a service that may be published on the host. */
export interface Endpoint {
  readonly container: number;
  readonly host: number;
  readonly exposure: Exposure;
  /** The service whose settings say port and exposure. @default the one that has the port */
  readonly settings?: string;
}

export interface Limits {
  /** CPUs, as a number: 0.5 is half of one. */
  readonly cpus: number;
  readonly memory: Size;
  /** Soft limit under which the kernel does not go when memory is short. */
  readonly reservation?: Size;
}

export interface LogRotation {
  readonly maxSize: Size;
  readonly maxFiles: number;
}

interface Workload {
  /** The name by which the others reach it. */
  readonly name: string;
  readonly role: Role;
  readonly image: ImageSource;
  readonly command?: readonly string[];
  /** `uid:gid`; without it the image decides (root in some of them). */
  readonly user?: string;
  readonly networks: readonly string[];
  /** Further names by which the others reach it. */
  readonly aliases?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly files: readonly FileSpec[];
  readonly mounts: readonly BindMount[];
  readonly limits: Limits;
  readonly logs: LogRotation;
  /** Services that are healthy, and jobs that have ended well, before this one starts. */
  readonly dependsOn: readonly string[];
  /** Database connections that one replica may open at most, all its processes together. */
  readonly databaseConnections?: number;
}

/** A question from outside the container: does the port open, does the path answer 2xx. */
export type Blackbox =
  | { readonly module: "http_2xx"; readonly port: number; readonly path: string }
  | { readonly module: "tcp_connect"; readonly port: number };

/** A service that stays up; one without a probe does not compile. */
export interface LongRunning extends Workload {
  /** A store stops before its successor starts and keeps its volumes; a stateless one is replaced new one first. */
  readonly kind: "stateful" | "stateless";
  readonly healthcheck: Healthcheck;
  readonly replicas: number;
  readonly volumes: readonly VolumeMount[];
  readonly endpoint?: Endpoint;
  /** From SIGTERM (or the image's stop signal) to SIGKILL. */
  readonly stopGracePeriod: Duration;
  /** PostgreSQL: the major version that its image runs and that its volume has to be of. */
  readonly postgresVersion?: PostgresVersion;
  /** Size of /dev/shm; the engine's default is 64 MiB. */
  readonly shm?: Size;
  readonly metrics?: { readonly port: number; readonly path: string };
  /** What the blackbox exporter asks it from outside its container. */
  readonly blackbox?: Blackbox;
  /** How long a new release has to keep answering its check before a gateway leads to it. @default not at all */
  readonly soak?: Duration;
}

/** A container that runs once and has to end with exit code 0 before its dependants start. */
export interface Job extends Workload {
  readonly kind: "job";
}

export type ServiceSpec = LongRunning | Job;

/** Where a secret's value comes from. */
export type SecretSource =
  /** Generated, once per generation. @default generation 1 */
  | { readonly from: "generated"; readonly generation?: number }
  /** Set by the user as a secret of the stack. */
  | { readonly from: "config"; readonly key: string }
  /** Known beforehand, such as the user name that belongs to a password. */
  | { readonly from: "value"; readonly value: string };

/** A whole system as plain data: what the components turn into resources. */
export interface SystemSpec {
  readonly name: string;
  readonly environment: "dev" | "prod";
  readonly images: "registry" | "packages";
  /** Images that run by this reference instead of being built, by name. */
  readonly pinned: Readonly<Record<string, string>>;
  readonly services: readonly ServiceSpec[];
  /** The networks that services are on, by short name. */
  readonly networks: Readonly<Record<string, Network>>;
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** What this image source cannot offer, in words. */
  readonly unavailable: Readonly<Record<string, string>>;
  /** Outputs: name of the URL → address. */
  readonly urls: Readonly<Record<string, string>>;
}

/** Type guard: a service that stays up. */
export const isLongRunning = (s: ServiceSpec): s is LongRunning => s.kind !== "job";
