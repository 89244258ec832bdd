import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { clientsOf, hostsOf, isJob, namesHost, variablesIn } from "./hosts.ts";
import { kindOf, type ServiceKind, type Store, tagOf } from "./kinds.ts";
import { isOptionalStore, optionalStore } from "./optional-stores.ts";
import type { ComposeProject, ComposeService } from "./read.ts";
import { storeRefusal } from "./store-refusal.ts";
import { at, children, isTrue, textOf, textsOf } from "./tree.ts";

/** What replaces a service in the stack. */
export type Fate =
  /** An application, built or from an image. */
  | { readonly is: "application" }
  /** A store of the stack. */
  | { readonly is: "store"; readonly store: Store }
  /** The monitoring of the stack. */
  | { readonly is: "monitoring"; readonly program: string }
  /** The ingress of the stack. */
  | { readonly is: "proxy"; readonly program: string }
  /** The migration of an application with the same image. */
  | { readonly is: "migration"; readonly of: string }
  | { readonly is: "nothing"; readonly why: string };

/** The results for the services of a project, by name. */
export type Fates = ReadonlyMap<string, Fate>;

/** What the services of a project are. A store that the stack's own cannot replace stays an image. */
export function kindsOf(project: ComposeProject): ReadonlyMap<string, ServiceKind> {
  const taken = new Set<Store>();
  const byClients = [...project.services].sort(
    (a, b) => clientsOf(b, project).length - clientsOf(a, project).length,
  );
  const kinds = new Map<string, ServiceKind>();
  for (const service of byClients.sort((a, b) => Number(isOptional(a)) - Number(isOptional(b)))) {
    const kind = kindOf(service);
    if (kind.kind !== "store") {
      kinds.set(service.name, kind);
      continue;
    }
    const why = whyForeign(service, kind.store, project, taken);
    if (why === undefined) taken.add(kind.store);
    const name = programNames[kind.store];
    kinds.set(service.name, why === undefined ? kind : { kind: "foreign", name, ...(why ? { why } : {}) });
  }
  return kinds;
}

const programNames: Readonly<Record<Store, string>> = {
  postgres: "PostgreSQL",
  redis: "Redis",
  chroma: "Chroma",
  minio: "MinIO",
  mysql: "mysql",
  opensearch: "OpenSearch",
  clickhouse: "ClickHouse",
  qdrant: "Qdrant",
};

/**
 * Why a store stays an image. The reason may be empty. Undefined if the stack's own store replaces
 * it.
 */
function whyForeign(
  service: ComposeService,
  store: Store,
  project: ComposeProject,
  taken: ReadonlySet<Store>,
): string | undefined {
  if (!isOptionalStore(store))
    return taken.has(store) || !canReplace(service, store, project) ? "" : undefined;
  if (taken.has(store)) return `The stack has one ${optionalStore[store].title} only.`;
  return storeRefusal(store, service, project);
}

/** Whether a service runs only under a profile that is not chosen. */
const isOptional = ({ tree }: ComposeService): boolean => textsOf(at(tree, "profiles")).length > 0;

/** Whether the clients of a store can use the one of the stack. */
function canReplace(service: ComposeService, store: Store, project: ComposeProject): boolean {
  if (store === "postgres") return true;
  if (store === "chroma") return !/^v?0\./.test(tagOf(textOf(at(service.tree, "image")) ?? "") ?? "");
  const hosts = hostsOf(service);
  // Users of Redis have names in the stack. A client that knows only a password cannot log in.
  return clientsOf(service, project).every((client) => {
    const variables = variablesIn(client);
    const named = variables.filter(([name, value]) => hosts.some((host) => namesHost(name, value, host)));
    return (
      named.length === 0 ||
      variables.some(([name]) => /REDIS.*USER/i.test(name)) ||
      named.every(([, value]) => /^rediss?:\/\//.test(value))
    );
  });
}

/** Decides what replaces each service. */
export function fatesOf(project: ComposeProject, kinds: ReadonlyMap<string, ServiceKind>): Fates {
  return new Map(project.services.map((service) => [service.name, fateOf(service, project, kinds)]));
}

const monitoring = ["Prometheus", "Alertmanager", "Grafana"];
const proxies = ["nginx", "traefik", "caddy", "haproxy", "nginx-proxy", "Certbot"];

function fateOf(
  service: ComposeService,
  project: ComposeProject,
  kinds: ReadonlyMap<string, ServiceKind>,
): Fate {
  const kind = kinds.get(service.name) ?? kindOf(service);
  const { tree } = service;
  if (kind.kind === "store") return { is: "store", store: kind.store };
  if (kind.kind === "console" && monitoring.includes(kind.name))
    return { is: "monitoring", program: kind.name };
  if (kind.kind === "foreign" && proxies.includes(kind.name) && isProxy(service, kind.name))
    return { is: "proxy", program: kind.name };
  if (!at(tree, "image") && !at(tree, "build"))
    return { is: "nothing", why: "It has neither an image nor a build." };
  const context = textOf(at(tree, "build", "context")) ?? "";
  if (/^[\w+.-]+:\/\/|^git@/.test(context) && !at(tree, "image"))
    return {
      is: "nothing",
      why: "Ragdock builds folders of this machine only. Clone the repository, and write the path of its folder.",
    };
  if (textOf(at(tree, "build", "dockerfile_inline")) !== undefined)
    return {
      is: "nothing",
      why: "Write it to a Dockerfile in the folder. Ragdock does not build a Dockerfile that is inline text.",
    };
  return isJob(service, project) ? jobOf(service, project) : { is: "application" };
}

/**
 * A job with a command becomes the migration of an application with the same image, if possible of
 * one that waits for it. Any other job stays a job.
 */
function jobOf(job: ComposeService, project: ComposeProject): Fate {
  const image = imageKey(job);
  const others = project.services.filter(
    (other) => other !== job && !isJob(other, project) && imageKey(other) === image,
  );
  const waits = others.find(({ tree }) => at(tree, "depends_on", job.name)) ?? others[0];
  if (waits && at(job.tree, "command")) return { is: "migration", of: waits.name };
  return { is: "application" };
}

const imageKey = ({ tree }: ComposeService): string => {
  const build = at(tree, "build");
  const parts = ["context", "dockerfile", "target"].map((key) => textOf(at(build, key)) ?? "");
  return build ? parts.join("\n") : (textOf(at(tree, "image")) ?? "");
};

/** Whether a service passes requests on. A web server with files of the user does not count. */
function isProxy({ tree }: ComposeService, program: string): boolean {
  if (!["nginx", "caddy"].includes(program)) return true;
  if (isTrue(at(tree, "privileged"))) return false;
  const sources = proxyFiles(tree);
  const passesOn = sources.some((text) => /proxy_pass|reverse_proxy|uwsgi_pass|fastcgi_pass/.test(text));
  return passesOn || sources.length === 0;
}

/** The texts of the configuration files that a service mounts. */
export function proxyFiles(tree: ComposeService["tree"]): string[] {
  const sources = children(at(tree, "volumes")).flatMap((one) => textOf(at(one, "source")) ?? []);
  return sources.flatMap((source) => textsBelow(source)).slice(0, 50);
}

function textsBelow(path: string, depth = 0): string[] {
  if (depth > 2 || !existsSync(path)) return [];
  const stats = statSync(path);
  if (stats.isDirectory())
    return readdirSync(path)
      .slice(0, 50)
      .flatMap((name) => textsBelow(join(path, name), depth + 1));
  return stats.isFile() && stats.size < 200_000 ? [readFileSync(path, "utf8")] : [];
}

/** The user, the password and the database of a store, as its clients may repeat them. */
export function loginOfStore(service: ComposeService): {
  user?: string;
  password?: string;
  database?: string;
} {
  const values = Object.fromEntries(variablesIn(service));
  const user = values.POSTGRES_USER ?? "postgres";
  const given = values.POSTGRES_PASSWORD ?? values.REDIS_PASSWORD ?? values.REDISCLI_AUTH;
  const words = textsOf(at(service.tree, "command")).join(" ");
  const password = given ?? /--requirepass[ =](\S+)/.exec(words)?.[1];
  return {
    user,
    database: values.POSTGRES_DB ?? user,
    ...(password ? { password } : {}),
  };
}
