import type { Secret } from "../spec/content.ts";
import type { Credentials, Logins } from "../spec/credentials.ts";
import type { FileSpec, Job, LongRunning, PublishedPort } from "../spec/service.ts";
import { type Connection, externalLogin, externalProblems, insideStack, outsideStack } from "./external.ts";
import type { Context, ServiceModule, ServiceTemplate } from "./module.ts";
import { jobDefaults, serviceDefaults } from "./module.ts";
import { projectFile } from "./project-files.ts";
import { credentialsOf, secretFile } from "./secrets.ts";

/** A store whose clients log in. */
export interface StoreModule extends ServiceModule {
  /** The service's name, by which clients reach it. */
  readonly name: string;
  readonly login: (ctx: Context) => Logins;
  /** How clients connect to it. */
  readonly connection: (ctx: Context) => Connection;
}

/** The options of a store in a system. */
export interface StoreOptions {
  readonly name?: string;
  /** Short name of its volume. */
  readonly volume?: string;
  /**
   * The host port that a developer's tools use: published on loopback in dev, nowhere in prod.
   * @default nowhere
   */
  readonly devPort?: number;
  /** The system's changes of the service. */
  readonly adapt?: (service: ServiceTemplate<LongRunning>) => ServiceTemplate<LongRunning>;
}

/**
 * The path of a store's start script. The script sets the administrator's password in the server.
 */
export const startScript = "/etc/ragdock/start.sh";

/** The path of the file with the administrator's password. */
export const adminPassword = "/run/secrets/admin-password";

type StoreRole = "postgres" | "redis";

/** The defaults of a store. */
const storeBase = (name: string, role: StoreRole, credentials: Credentials) =>
  ({
    ...serviceDefaults,
    name,
    role,
    kind: "stateful",
    credentials,
    files: [
      { ...secretFile(credentials.admin), path: adminPassword },
      projectFile(`config/services/files/${role}-start.sh`, startScript),
    ],
  }) as const;

/** What the module of a store has in addition to its service. */
interface MoreOfStore {
  readonly port: number;
  /** The job that runs in place of a store that is outside of the stack. */
  readonly check: (ctx: Context, connection: Connection, login: Logins) => Job;
  /** More files of the job that creates its users. @default none */
  readonly files?: readonly FileSpec[];
}

/**
 * Makes the module of a store and of the job that creates its users, or of the job that checks a
 * store outside of the stack.
 */
export function storeModule(
  name: string,
  role: StoreRole,
  environment: (ctx: Context) => Readonly<Record<string, string>>,
  service: (ctx: Context, base: ReturnType<typeof storeBase>) => ServiceTemplate<LongRunning>,
  { port, check, files = [] }: MoreOfStore,
): StoreModule {
  const connection = (ctx: Context): Connection => {
    const { external } = ctx.settings[role];
    return external ? outsideStack(role, external) : insideStack(name, port);
  };
  const login = (ctx: Context): Logins => {
    const { external } = ctx.settings[role];
    return external ? externalLogin(name, role, external.user) : credentialsOf(ctx, name);
  };
  return {
    name,
    login,
    connection,
    services: (ctx) => {
      if (ctx.settings[role].external) return [check(ctx, connection(ctx), login(ctx))];
      const credentials = credentialsOf(ctx, name);
      const store = service(ctx, storeBase(name, role, credentials));
      return [store, credentialsJob(store, credentials, role, environment(ctx), files)];
    },
    rules: (ctx) => externalProblems(ctx, role),
  };
}

function credentialsJob(
  store: LongRunning,
  { user, password, monitor, admin, job }: Credentials,
  role: StoreRole,
  environment: Readonly<Record<string, string>>,
  files: readonly FileSpec[],
): Job {
  const script = projectFile(`config/services/files/${role}-credentials.sh`, "/etc/ragdock/credentials.sh");
  const file = (path: string, secret: Secret) => ({ ...secretFile(secret), path });
  return {
    ...jobDefaults,
    name: job,
    role,
    image: store.image,
    ...(store.user ? { user: store.user } : {}),
    command: [role === "postgres" ? "bash" : "sh", script.path],
    environment,
    files: [
      file("/run/secrets/user", user),
      file("/run/secrets/password", password),
      file("/run/secrets/monitor-user", monitor.user),
      file("/run/secrets/monitor-password", monitor.password),
      file(adminPassword, admin),
      script,
      ...files,
    ],
    limits: { cpus: 0.25, memory: "64MiB" },
    dependsOn: [store.name],
    ...(role === "postgres" ? { databaseConnections: 1 } : {}),
  };
}

/** A port for a developer's tools, which dev publishes on loopback and prod does not publish. */
export const devPort = (ctx: Context, container: number, host: number | undefined): PublishedPort => ({
  container,
  host: host ?? container,
  exposure: host !== undefined && !ctx.prod ? "loopback" : "none",
});
