/**
 * The connections that each system needs. They are written by hand, independently of the program's
 * own list of calls. The unit test compares it with the networks, and the tests of running systems
 * compare it with the real connections.
 */
import type { SystemSpec } from "../../config/spec/service.ts";

/** Service → the services that it connects to. */
type Needs = Readonly<Record<string, readonly string[]>>;

/** The stores that run if an own application needs them. */
const onRequest = ["minio", "mysql", "opensearch", "clickhouse", "qdrant"];

const needs: Readonly<Record<string, Needs>> = {
  full: {
    "postgres-credentials": ["postgres"],
    "redis-credentials": ["redis"],
    migrate: ["postgres"],
    api: ["postgres", "redis", "chroma", "ollama", ...onRequest],
    worker: ["postgres", "redis", "chroma", "ollama"],
    ui: ["gateway"],
    "api-soak": ["api"],
    "ui-soak": ["ui"],
    gateway: ["api", "ui", "prometheus"],
    ingress: ["gateway"],
    prometheus: [
      ...["alertmanager", "blackbox-exporter", "grafana", "node-exporter", "postgres-exporter"],
      ...["redis-exporter", "nginx-exporter", "cadvisor", "api", "worker"],
      ...["minio", "clickhouse"],
    ],
    grafana: ["prometheus"],
    "postgres-exporter": ["postgres"],
    "redis-exporter": ["redis"],
    "nginx-exporter": ["ingress"],
    "blackbox-exporter": ["api", "ui", "gateway", "ingress", "chroma", "ollama", ...onRequest],
  },
  myrag: {
    "pgvector-credentials": ["pgvector"],
    fastapi: ["pgvector"],
    streamlit: ["fastapi"],
    "fastapi-soak": ["fastapi"],
    "streamlit-soak": ["streamlit"],
    nginx: ["fastapi", "streamlit"],
    ingress: ["nginx"],
    prometheus: ["fastapi", "grafana", "node-exporter", "postgres-exporter"],
    grafana: ["prometheus"],
    "postgres-exporter": ["pgvector"],
  },
  m31: {
    web: ["redis"],
    "web-soak": ["web"],
    gateway: ["web"],
    ingress: ["gateway"],
    "redis-credentials": ["redis"],
    prometheus: ["web", "alertmanager", "blackbox-exporter", "redis-exporter", "cadvisor"],
    "blackbox-exporter": ["web", "gateway", "ingress"],
    "redis-exporter": ["redis"],
  },
  "rag-events": {
    ui: ["api"],
    "api-soak": ["api"],
    "ui-soak": ["ui"],
    gateway: ["api", "ui"],
    ingress: ["gateway"],
    prometheus: ["api", "alertmanager", "blackbox-exporter"],
    "blackbox-exporter": ["api", "ui", "gateway", "ingress"],
  },
  financerag: {
    financerag: ["chroma"],
    "financerag-soak": ["financerag"],
    gateway: ["financerag"],
    ingress: ["gateway"],
    prometheus: ["financerag", "alertmanager", "blackbox-exporter"],
    "blackbox-exporter": ["financerag", "gateway", "ingress", "chroma"],
  },
  mnemolite: {
    "db-credentials": ["db"],
    setup: ["db"],
    api: ["db", "chromadb"],
    worker: ["db", "chromadb"],
    "api-soak": ["api"],
    gateway: ["api"],
    ingress: ["gateway"],
  },
};

/** The services of the front door, which every system can have: TLS and a sign-in. */
const frontDoor: Needs = {
  ingress: ["certificates"],
  prometheus: ["auth", "certificates"],
  "blackbox-exporter": ["auth"],
  "auth-soak": ["auth"],
  // On a Swarm, for the nodes.
  registry: ["registry-images"],
};

/** What a gateway needs if there is a sign-in: the sign-in, and the pages for admins. */
const ofGateways = ["auth", "prometheus", "alertmanager", "grafana"];

/** Whether one service needs to connect to another. */
export function needsTo({ name, services }: SystemSpec, from: string, to: string): boolean {
  const has = (service: string): boolean => services.some((s) => s.name === service);
  const hasSignIn = services.some(({ role }) => role === "auth");
  const isGateway = services.some((s) => s.name === from && s.role === "gateway" && s.kind !== "job");
  if (hasSignIn && isGateway && ofGateways.includes(to)) return true;
  // Pages call the API through the gateway, which adds the identity.
  if (hasSignIn && ((from === "streamlit" && to === "nginx") || (from === "ui" && to === "gateway")))
    return true;
  // The gateway asks Prometheus for the UI, which an own application replaces.
  if (from === "gateway" && to === "prometheus" && !has("ui")) return false;
  return (needs[name]?.[from]?.includes(to) || frontDoor[from]?.includes(to)) ?? false;
}

const clients = [
  ...["api", "worker", "migrate", "setup", "web", "fastapi", "financerag"],
  ...["postgres-credentials", "redis-credentials", "pgvector-credentials", "db-credentials"],
  ...["postgres-exporter", "redis-exporter"],
];

const watchers = [
  ...["prometheus", "alertmanager", "grafana", "blackbox-exporter", "node-exporter", "cadvisor"],
  ...["postgres-exporter", "redis-exporter", "nginx-exporter"],
];

/** Connections that no service needs but the networks allow. */
export const accepted: readonly {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly why: string;
}[] = [
  {
    from: clients,
    to: ["api", "worker", "web", "fastapi"],
    why: "the clients of a store share its network; its exporter does not listen there",
  },
  {
    from: ["ui", "api", "api-soak", "ui-soak"],
    to: ["api", "ui", "gateway"],
    why: "the applications behind a gateway share a network with it",
  },
  {
    from: ["api", "worker", "fastapi", "auth", "certificates"],
    to: ["api", "worker", "fastapi", "auth", "certificates"],
    why: "Prometheus scrapes them on one network; applications refuse requests without a token",
  },
  {
    from: ["ingress", "gateway", "nginx", "auth", "certificates", "nginx-exporter", "blackbox-exporter"],
    to: ["ingress", "gateway", "nginx", "auth", "certificates"],
    why: "the services in front of the gateway share a network with it",
  },
  {
    from: ["blackbox-exporter"],
    to: ["worker"],
    why: "the blackbox exporter checks Chroma and Ollama on their networks, where their clients are",
  },
  { from: watchers, to: watchers, why: "the monitoring services share a network" },
  { from: ["nginx-exporter"], to: ["gateway"], why: "the exporter of the ingress is on its network" },
];

/**
 * Whether the networks may allow a connection. A network works in both directions, so a service
 * reaches the services that call it, unless they listen elsewhere.
 */
export const mayReach = (system: SystemSpec, from: string, to: string): boolean =>
  needsTo(system, from, to) ||
  needsTo(system, to, from) ||
  accepted.some((pair) => pair.from.includes(from) && pair.to.includes(to));
