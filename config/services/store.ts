import type { Credentials, Job, LongRunning, PublishedPort, Role } from "../spec/service.ts";
import { type Context, jobDefaults, type ServiceModule, type ServiceTemplate } from "./module.ts";
import { projectFile } from "./project-files.ts";
import { credentialsOf, secretFile } from "./secrets.ts";

/** A store whose clients log in. */
export interface StoreModule extends ServiceModule {
  /** The service's name, by which clients reach it. */
  readonly name: string;
  readonly login: (ctx: Context) => Credentials;
}

/** Where and how a system runs a store. */
export interface StoreOptions {
  readonly name?: string;
  /** Short name of its volume. */
  readonly volume?: string;
  /** The host port that a developer's tools use: published on loopback in dev, nowhere in prod. @default nowhere */
  readonly devPort?: number;
  /** The system's own changes of the service. */
  readonly adapt?: (service: ServiceTemplate<LongRunning>) => ServiceTemplate<LongRunning>;
}

/** A module of a store and the job that makes its clients' login known to it. */
export function storeModule(
  name: string,
  role: Extract<Role, "postgres" | "redis">,
  environment: Readonly<Record<string, string>>,
  service: (ctx: Context, credentials: Credentials) => ServiceTemplate<LongRunning>,
): StoreModule {
  const login = (ctx: Context): Credentials => credentialsOf(ctx, name);
  return {
    name,
    login,
    services: (ctx) => {
      const store = service(ctx, login(ctx));
      return [store, credentialsJob(store, login(ctx), role, environment)];
    },
  };
}

function credentialsJob(
  store: LongRunning,
  { user, password, admin, job }: Credentials,
  role: "postgres" | "redis",
  environment: Readonly<Record<string, string>>,
): Job {
  const script = projectFile(`config/services/files/${role}-credentials.sh`, "/etc/ragdock/credentials.sh");
  const file = (name: string, secret: typeof user) => ({
    ...secretFile(secret),
    path: `/run/secrets/${name}`,
  });
  return {
    ...jobDefaults,
    name: job,
    role,
    image: store.image,
    ...(store.user ? { user: store.user } : {}),
    command: [role === "postgres" ? "bash" : "sh", script.path],
    networks: store.networks,
    environment,
    files: [file("user", user), file("password", password), file("admin-password", admin), script],
    limits: { cpus: 0.25, memory: "64MiB" },
    dependsOn: [store.name],
    ...(role === "postgres" ? { databaseConnections: 1 } : {}),
  };
}

/** A port for a developer's own tools: on this host in dev, nowhere in prod. */
export const devPort = (ctx: Context, container: number, host: number | undefined): PublishedPort => ({
  container,
  host: host ?? container,
  exposure: host !== undefined && !ctx.prod ? "loopback" : "none",
});
