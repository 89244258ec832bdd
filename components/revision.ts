import { createHash } from "node:crypto";
import { type Content, revisionsIn, shown } from "../config/spec/content.ts";
import { secretsOf } from "../config/spec/secrets.ts";
import { type LongRunning, longRunning, type ServiceSpec } from "../config/spec/service.ts";

/**
 * Whether a change of a field replaces the containers of a service. A new field of a service does
 * not compile until it is in this list.
 */
const identifies = {
  name: true,
  image: false, // by its reference, which changes with its content
  entrypoint: true,
  command: true,
  user: true,
  capabilities: true,
  tmpfs: true,
  writable: true,
  startScript: true,
  extraHosts: true,
  ulimits: true,
  hostname: true,
  workingDir: true,
  labels: true,
  ephemeral: false,
  networks: true,
  aliases: true,
  environment: true,
  files: true,
  mounts: true,
  volumes: true,
  ports: true,
  gpus: true,
  shm: true,
  healthcheck: true,
  restartUnhealthy: true,
  replicas: true,
  stopGracePeriod: true,
  limits: false, // CPUs replace, memory is updated in place
  logs: false,
  calls: false, // `networks` is computed from these two
  outside: false,
  dependsOn: false,
  soak: false,
  role: false,
  kind: false,
  routes: false, // the files contain them
  metrics: false,
  maxRequest: false, // the files of the gateway contain these four
  answerTimeout: false,
  uploadPaths: false,
  ownPages: false,
  access: false, // the files of the sign-in contain it
  blackbox: false,
  readiness: false,
  alerts: false,
  rows: false,
  datasource: false,
  credentials: false,
  databaseConnections: false,
  postgresVersion: false,
  database: false, // environment and files contain it
} as const satisfies Record<keyof LongRunning, boolean>;

/**
 * The alias of a service's revision. It changes exactly when the containers are replaced, so a
 * gateway with the alias in its files is replaced after them, and cannot reach other containers. It
 * also depends on the number of replicas. Otherwise, containers that share an alias would get
 * requests before they are healthy, or while they stop. It depends on the generations of secrets
 * too, and on the versions of those that the user sets.
 * @param image the reference of its image
 * @param replaced ids of the broken containers that the new ones replace
 * @param versions a text for each secret of the user that changes with its value, by config key
 */
export function revisionName(
  service: LongRunning,
  image: string,
  replaced: readonly string[] = [],
  versions: Readonly<Record<string, string>> = {},
): string {
  const picked = Object.entries(identifies)
    .filter(([, identifying]) => identifying)
    .map(([field]) =>
      field === "files" ? service.files.map(fileIdentity) : service[field as keyof LongRunning],
    );
  const generations = secretsOf(service).map(({ name, source }) => [
    name,
    source,
    ...(source.from === "config" ? [versions[source.key]] : []),
  ]);
  const content = JSON.stringify([image, picked, service.limits.cpus, generations, ...replaced]);
  return `${service.name}-${createHash("sha256").update(content).digest("hex").slice(0, 8)}`;
}

const fileIdentity = ({ path, content }: { readonly path: string; readonly content: Content }) => [
  path,
  shown(content),
];

/** The services whose revision is in a file of these services. */
export const routed = (services: readonly ServiceSpec[]): Set<string> =>
  new Set(services.flatMap((s) => s.files.flatMap((file) => revisionsIn(file.content))));

/** Aliases of own applications, and of the services that a gateway leads to, by service. */
export function revisionNames(
  services: readonly ServiceSpec[],
  image: (service: LongRunning) => string,
  replaced: (service: LongRunning) => readonly string[],
  versions: Readonly<Record<string, string>>,
): Record<string, string> {
  const named = routed(services);
  return Object.fromEntries(
    longRunning(services)
      .filter((s) => named.has(s.name) || s.ownPages)
      .map((s) => [s.name, revisionName(s, image(s), replaced(s), versions)]),
  );
}
