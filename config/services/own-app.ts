import type { Blackbox } from "../spec/blackbox.ts";
import { startWith, type Ulimit } from "../spec/container-options.ts";
import { defined } from "../spec/defined.ts";
import { Healthcheck } from "../spec/healthcheck.ts";
import type { Job, LongRunning, Route } from "../spec/service.ts";
import { modelServices } from "./models.ts";
import {
  type Context,
  jobDefaults,
  type ServiceModule,
  type ServiceTemplate,
  serviceDefaults,
} from "./module.ts";
import { variablesOf } from "./own-app-env.ts";
import { commandOf, frameworkVariables, imageOf } from "./own-app-image.ts";
import { ownAppProblems } from "./own-app-rules.ts";
import { secretProblems } from "./own-app-secret-rules.ts";
import { appStartScript, secretFiles, usableSecrets } from "./own-app-secrets.ts";
import {
  hasOwnApps,
  hasRoute,
  type OwnApp,
  ownApps,
  routesOf,
  secretHolders,
  sharesImage,
} from "./own-app-settings.ts";
import { type AppStores, appSettings, dependenciesOf, poolSize, productionSoak } from "./reference-app.ts";

/** A user's own applications in place of the reference application. */
export const ownApp = (stores: AppStores): ServiceModule => ({
  optIn: (ctx) => hasOwnApps(ctx.settings),
  services: (ctx) => {
    const apps = ownApps(ctx.settings);
    return apps.flatMap((app): ServiceTemplate[] => [
      ...(app.migrate ? [migration(ctx, stores, app, apps)] : []),
      app.job ? job(ctx, stores, app, apps) : application(ctx, stores, app, apps),
    ]);
  },
  rules: (ctx, services) => {
    const apps = ownApps(ctx.settings);
    return [
      ...ownAppProblems(ctx.settings, services),
      ...apps.flatMap((app) =>
        secretProblems(ctx, app, secretHolders(ctx.settings), usableBy(ctx, stores, app)),
      ),
    ];
  },
});

/** The routes of the gateway to own applications. */
export const ownRoutes = ({ settings }: Context): Omit<Route, "listen">[] =>
  ownApps(settings).flatMap((app) => routesOf(app).map((route) => ({ ...route, service: app.name })));

/** The fields that an application and its migration have in common. */
function workload(ctx: Context, stores: AppStores, app: OwnApp) {
  const needs = needsOf(ctx, stores, app);
  const shared = appSettings(ctx, stores, needs, app.databaseConnections);
  const secrets = secretFiles(app, usableBy(ctx, stores, app));
  return {
    ...shared,
    environment: { ...shared.environment, ...frameworkVariables(app), ...variablesOf(app) },
    files: [...shared.files, ...secrets],
    ...(secrets.length > 0 ? { startScript: appStartScript } : {}),
    image: imageOf(app),
    databaseConnections: needs.includes(stores.postgres.name) ? (app.databaseConnections ?? poolSize) : 0,
    ...defined({
      user: app.user,
      capabilities: app.capabilities,
      entrypoint: app.entrypoint,
      writable: app.writable,
      extraHosts: app.extraHosts,
      ulimits: app.ulimits && ulimitsOf(app.ulimits),
      hostname: app.hostname,
      workingDir: app.workingDir,
      labels: app.labels,
    }),
    // What it calls is not known here.
    outside: true,
  };
}

function application(
  ctx: Context,
  stores: AppStores,
  app: OwnApp,
  apps: readonly OwnApp[],
): ServiceTemplate<LongRunning> {
  const { name, port, volumes = [] } = app;
  const needs = needsOf(ctx, stores, app);
  const blackbox = blackboxOf(app);
  // Two containers that write the same files could damage them.
  const isStateful = volumes.some(({ shared }) => !shared);
  const canBeWatched = hasRoute(app) && blackbox?.module === "http_2xx" && !isStateful;
  const command = commandOf(app);
  const limits = ctx.prod ? { cpus: 1, memory: "1GiB" } : { cpus: 1, memory: "768MiB" };
  return {
    ...serviceDefaults,
    ...workload(ctx, stores, app),
    name,
    role: hasRoute(app) ? "api" : "worker",
    kind: isStateful ? "stateful" : "stateless",
    usesGpus: true,
    ...(command ? { command } : {}),
    healthcheck: healthcheckOf(app),
    ...defined({
      blackbox,
      maxRequest: app.bodySize,
      answerTimeout: app.timeout,
      ephemeral: app.ephemeral || undefined,
    }),
    ...(ctx.prod && canBeWatched ? { soak: productionSoak } : {}),
    ...(app.metricsPath && port ? { metrics: { port, path: app.metricsPath } } : {}),
    ownPages: true,
    volumes: volumes.map(({ name, path }) => ({ volume: name, path })),
    replicas: app.replicas ?? 1,
    limits: defined({ ...limits, ...defined(app.limits ?? {}) }) as LongRunning["limits"],
    dependsOn: [...needs, ...migrationsFor(app, apps)],
    // On a Swarm, a program that ignores the stop signal must not take a longer time than this
    // (components/swarm/task.ts).
    stopGracePeriod: ctx.settings.target === "swarm" ? "10s" : "30s",
  };
}

/** The job that runs `migrate`. It waits for stores, and not for other applications. */
function migration(
  ctx: Context,
  stores: AppStores,
  app: OwnApp,
  apps: readonly OwnApp[],
): ServiceTemplate<Job> {
  const names = apps.map(({ name }) => name);
  return {
    ...jobDefaults,
    ...workload(ctx, stores, app),
    name: migrationName(app),
    role: "api",
    command: [...(app.migrate ?? [])],
    limits: { cpus: 1, memory: "512MiB" },
    dependsOn: needsOf(ctx, stores, app).filter((need) => !names.includes(need)),
  };
}

/** An application that runs once. */
function job(ctx: Context, stores: AppStores, app: OwnApp, apps: readonly OwnApp[]): ServiceTemplate<Job> {
  const { name, volumes = [] } = app;
  const command = commandOf(app);
  return {
    ...jobDefaults,
    ...workload(ctx, stores, app),
    name,
    role: "worker",
    ...(command ? { command } : {}),
    // It may load a model or much data.
    timeout: "2h",
    volumes: volumes.map(({ name, path }) => ({ volume: name, path })),
    limits: defined({ cpus: 1, memory: "512MiB", ...defined(app.limits ?? {}) }) as Job["limits"],
    dependsOn: [...needsOf(ctx, stores, app), ...migrationsFor(app, apps)],
  };
}

const migrationName = ({ name }: OwnApp): string => `${name}-migrate`;

/** The migrations that an application waits for: those of all applications with its image. */
const migrationsFor = (app: OwnApp, apps: readonly OwnApp[]): string[] =>
  apps.filter((other) => other.migrate && sharesImage(app, other)).map(migrationName);

/** The services that an application calls, including the models that the stack runs. */
const needsOf = (ctx: Context, stores: AppStores, { needs = [], needsAll }: OwnApp): string[] =>
  needsAll ? dependenciesOf(ctx, stores) : [...new Set([...needs, ...modelServices(ctx.models)])];

/** The secrets that the texts of an application may use, by name. */
const usableBy = (ctx: Context, stores: AppStores, app: OwnApp) =>
  usableSecrets(ctx, stores, secretHolders(ctx.settings), needsOf(ctx, stores, app));

/** A single number is both limits. */
const ulimitsOf = (ulimits: NonNullable<OwnApp["ulimits"]>): Readonly<Record<string, Ulimit>> =>
  Object.fromEntries(
    Object.entries(ulimits).map(([name, limit]) => [
      name,
      typeof limit === "number" ? { soft: limit, hard: limit } : limit,
    ]),
  );

/**
 * Docker's check: the configured check; otherwise whether the port listens; otherwise whether the
 * process runs.
 */
function healthcheckOf({ port, healthcheck = {}, secrets = {} }: OwnApp): Healthcheck {
  const { path, command, ...given } = healthcheck;
  const timing = { startPeriod: "1m", ...defined(given) } as const;
  // The command may also need the variables.
  const start = Object.keys(secrets).length > 0 ? startWith(appStartScript) : [];
  if (command) return Healthcheck.command([...start, ...command], timing);
  if (port === undefined) return Healthcheck.runs(timing);
  return path ? Healthcheck.anyHttp(path, port, timing) : Healthcheck.listens(port, timing);
}

/** The check of the blackbox exporter. Undefined for an application without a port. */
function blackboxOf({ port, healthcheck }: OwnApp): Blackbox | undefined {
  if (port === undefined) return undefined;
  const path = healthcheck?.path;
  return path ? { module: "http_2xx", port, path } : { module: "tcp_connect", port };
}
