/** Every image that is not built from the project's own source, and what is known about it. */
import lock from "./images.lock.json" with { type: "json" };

/** The catalogue's names: what a service's `image` may say. */
export type ImageName =
  | "python"
  | "postgres"
  | "postgres-18"
  | "redis"
  | "chroma"
  | "nginx"
  | "prometheus"
  | "alertmanager"
  | "grafana"
  | "node-exporter"
  | "postgres-exporter"
  | "redis-exporter"
  | "blackbox-exporter"
  | "nginx-exporter"
  | "cadvisor";

/** What holds for the official image and for its stand-in alike. */
interface ImageFacts {
  /** The official image, `repository:tag`; the tag names an exact version. */
  readonly reference: string;
  /** `uid:gid` of the process. Images that start as root and step down may be started as this user at once. */
  readonly user: string;
  /** The port it listens on by default. */
  readonly port?: number;
  /** Where its data lives: the volume belongs here. */
  readonly dataPath?: string;
  /** The configuration file it reads by default. */
  readonly configPath?: string;
  /** A health command whose program is in the image; without one the image has no program to ask with. */
  readonly probe?: readonly string[];
  /** The variables that take a secret as the name of a file. */
  readonly secretFiles?: readonly string[];
  readonly metrics?: { readonly port: number; readonly path: string };
  /** Registry mode: a Dockerfile that puts something on top of the official image, its build argument OFFICIAL_IMAGE. */
  readonly wrapped?: string;
}

/** Built in packages mode from a folder, on the Debian base or on the Python image. */
interface WithStandIn extends ImageFacts {
  readonly dockerfile: string;
  /** Build arguments beside the base. */
  readonly args?: Readonly<Record<string, string>>;
  /** Built on the Python image, which it gets as build argument PYTHON_IMAGE instead of BASE_IMAGE. */
  readonly python?: true;
}

/** Not to be had from packages. */
interface WithoutStandIn extends ImageFacts {
  /** Packages mode: what is missing and what takes its place. */
  readonly standIn: string;
}

/** One image of the catalogue. */
export type CatalogueImage = WithStandIn | WithoutStandIn;

/** `nobody` in the images of the Prometheus project. */
const nobody = "65534:65534";

/** BusyBox's wget, which every image named with it here has on its PATH. */
function wget(port: number, path: string): readonly string[] {
  return ["wget", "-q", "-T", "4", "-O", "/dev/null", `http://127.0.0.1:${port}${path}`];
}

/** Asks for a path and wants a 200, with nothing but bash: for images that have no HTTP client. */
function bashHttp(port: number, path: string): readonly string[] {
  const request = `GET ${path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n`;
  const script = `exec 3<>/dev/tcp/127.0.0.1/${port}; printf '${request}' >&3; read -r -t 4 _ status _ <&3; [[ $status == 200 ]]`;
  return ["bash", "-c", script];
}

const postgres = {
  reference: "pgvector/pgvector:0.8.1-pg17-trixie",
  dockerfile: "dockerfiles/postgres",
  user: "999:999",
  port: 5432,
  dataPath: "/var/lib/postgresql/data",
  // Over TCP: the temporary server of the first start listens on its socket only.
  probe: ["pg_isready", "-q", "-h", "127.0.0.1"],
  secretFiles: [
    "POSTGRES_PASSWORD_FILE",
    "POSTGRES_USER_FILE",
    "POSTGRES_DB_FILE",
    "POSTGRES_INITDB_ARGS_FILE",
  ],
} as const;

/** The catalogue. The stand-ins' tests (tests/images) hold each of them to what is said here. */
export const images: Readonly<Record<ImageName, CatalogueImage>> = {
  python: {
    reference: "python:3.13-slim-trixie",
    dockerfile: "dockerfiles/python",
    user: "0:0",
  },
  postgres,
  "postgres-18": {
    ...postgres,
    reference: "pgvector/pgvector:0.8.1-pg18-trixie",
    dataPath: "/var/lib/postgresql",
    // Debian 13 has 17.
    args: {
      PG_MAJOR: "18",
      SUITE: "forky",
      DATA_VOLUME: "/var/lib/postgresql",
      PGDATA: "/var/lib/postgresql/18/docker",
    },
  },
  redis: {
    reference: "redis:8.0.3-bookworm",
    dockerfile: "dockerfiles/redis",
    user: "999:999",
    port: 6379,
    dataPath: "/data",
    probe: ["redis-cli", "ping"], // exits 0 on NOAUTH too: a probe that proves more gives the password
  },
  chroma: {
    reference: "chromadb/chroma:1.5.9",
    dockerfile: "dockerfiles/chroma",
    python: true,
    user: "0:0",
    port: 8000,
    dataPath: "/data",
    configPath: "/config.yaml",
    probe: bashHttp(8000, "/api/v2/heartbeat"),
  },
  nginx: {
    reference: "nginx:1.28.0-alpine",
    dockerfile: "dockerfiles/nginx",
    user: "101:101", // unless started as root; as 101, pid and temporary files need paths it may write to
    port: 80,
    configPath: "/etc/nginx/nginx.conf",
    probe: wget(80, "/"),
  },
  prometheus: {
    reference: "prom/prometheus:v3.5.0",
    dockerfile: "dockerfiles/prometheus",
    user: nobody,
    port: 9090,
    dataPath: "/prometheus",
    configPath: "/etc/prometheus/prometheus.yml",
    probe: wget(9090, "/-/healthy"),
    metrics: { port: 9090, path: "/metrics" },
  },
  alertmanager: {
    reference: "prom/alertmanager:v0.28.1",
    dockerfile: "dockerfiles/alertmanager",
    user: nobody,
    port: 9093,
    dataPath: "/alertmanager",
    configPath: "/etc/alertmanager/alertmanager.yml",
    probe: wget(9093, "/-/healthy"),
    metrics: { port: 9093, path: "/metrics" },
  },
  grafana: {
    reference: "grafana/grafana:12.1.1",
    standIn:
      "Grafana is not among Debian's packages. Prometheus' own pages show the same metrics and alerts " +
      "(its Graph and Alerts pages), and `make status` shows the services.",
    user: "472:0",
    port: 3000,
    dataPath: "/var/lib/grafana",
    configPath: "/etc/grafana/grafana.ini",
    probe: wget(3000, "/api/health"),
    secretFiles: ["GF_SECURITY_ADMIN_PASSWORD__FILE"],
    metrics: { port: 3000, path: "/metrics" },
  },
  "node-exporter": {
    reference: "prom/node-exporter:v1.9.1",
    dockerfile: "dockerfiles/node-exporter",
    user: nobody,
    port: 9100,
    probe: wget(9100, "/"),
    metrics: { port: 9100, path: "/metrics" },
  },
  "postgres-exporter": {
    reference: "quay.io/prometheuscommunity/postgres-exporter:v0.17.1",
    dockerfile: "dockerfiles/postgres-exporter",
    user: nobody,
    port: 9187,
    probe: wget(9187, "/"),
    secretFiles: ["DATA_SOURCE_PASS_FILE", "DATA_SOURCE_USER_FILE", "DATA_SOURCE_URI_FILE"],
    metrics: { port: 9187, path: "/metrics" },
  },
  "redis-exporter": {
    reference: "oliver006/redis_exporter:v1.69.0-alpine",
    dockerfile: "dockerfiles/redis-exporter",
    user: "59000:59000",
    port: 9121,
    probe: wget(9121, "/health"),
    secretFiles: ["REDIS_PASSWORD_FILE"], // a JSON object, address to password, not the password alone
    metrics: { port: 9121, path: "/metrics" },
  },
  "blackbox-exporter": {
    reference: "prom/blackbox-exporter:v0.26.0",
    dockerfile: "dockerfiles/blackbox-exporter",
    user: nobody, // the official image starts as root; nothing but ICMP probes needs that
    port: 9115,
    configPath: "/etc/blackbox_exporter/config.yml",
    probe: wget(9115, "/-/healthy"),
    metrics: { port: 9115, path: "/metrics" },
  },
  "nginx-exporter": {
    reference: "nginx/nginx-prometheus-exporter:1.4.2",
    dockerfile: "dockerfiles/nginx-exporter",
    user: "1001:1001",
    port: 9113,
    // The official image is built FROM scratch and holds the exporter alone, no shell and no wget.
    wrapped: "dockerfiles/nginx-exporter/wrapped.Dockerfile",
    probe: wget(9113, "/metrics"),
    metrics: { port: 9113, path: "/metrics" },
  },
  cadvisor: {
    reference: "gcr.io/cadvisor/cadvisor:v0.52.1",
    standIn:
      "cAdvisor is not among Debian's packages. Memory and CPU come from the services' own process metrics " +
      "and from node-exporter, restarts and limits of containers from `make status`.",
    user: "0:0",
    port: 8080,
    probe: wget(8080, "/healthz"),
    metrics: { port: 8080, path: "/metrics" },
  },
};

/** The official image as it is pulled: with its digest once `config/images.lock.json` has one for this very tag. */
export function lockedReference(name: ImageName): string {
  const { reference } = images[name];
  const digest = (lock as Readonly<Record<string, string>>)[reference];
  return digest === undefined ? reference : `${reference}@${digest}`;
}

/** Where builds leave their logs, relative to the project: a provider's error holds the failed command alone. */
export const buildLogs = ".ragdock/builds";
