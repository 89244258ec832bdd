import { Healthcheck } from "../spec/healthcheck.ts";
import type { ImageSource } from "../spec/image.ts";
import { type Problem, problem, setCommand, withoutEffect } from "../spec/problem.ts";
import type { LongRunning } from "../spec/service.ts";
import { type Context, type ServiceModule, type ServiceTemplate, serviceDefaults } from "./module.ts";
import { hasFile } from "./project-files.ts";
import { pythonImage } from "./python.ts";
import { type AppStores, appSettings, dependenciesOf, poolSize, productionSoak } from "./reference-app.ts";

/** The application that uvicorn serves unless `app.module` is set. */
const defaultModule = "main:app";

type OwnApp = NonNullable<Context["settings"]["app"]>;

/** A user's own application in place of the API. */
export const ownApp = (stores: AppStores): ServiceModule => ({
  optIn: (ctx) => ctx.settings.app !== undefined,
  services: (ctx) => (ctx.settings.app ? [api(ctx, stores, ctx.settings.app)] : []),
  rules: ({ settings: { app } }) => (app ? problems(app) : []),
});

function api(ctx: Context, stores: AppStores, app: OwnApp): ServiceTemplate<LongRunning> {
  const serve = ["uvicorn", app.module ?? defaultModule, "--host", "0.0.0.0", "--port", String(app.port)];
  return {
    ...serviceDefaults,
    ...appSettings(ctx, stores),
    name: "api",
    role: "api",
    image: imageOf(app),
    usesGpus: true,
    ...(app.user ? { user: app.user } : {}),
    ...(app.capabilities ? { capabilities: app.capabilities } : {}),
    ...(servesByModule(app) ? { command: serve } : {}),
    // What it calls is not known here.
    outside: true,
    healthcheck: Healthcheck.anyHttp(app.healthPath, app.port, { startPeriod: "1m" }),
    blackbox: { module: "http_2xx", port: app.port, path: app.healthPath },
    ...(ctx.prod ? { soak: productionSoak } : {}),
    ...(app.metricsPath ? { metrics: { port: app.port, path: app.metricsPath } } : {}),
    ...(app.bodySize ? { maxRequest: app.bodySize } : {}),
    ownPages: true,
    limits: ctx.prod ? { cpus: 1, memory: "1GiB" } : { cpus: 1, memory: "768MiB" },
    dependsOn: dependenciesOf(ctx, stores),
    stopGracePeriod: "30s",
    databaseConnections: poolSize,
  };
}

/** Whether uvicorn serves `app.module`: the folder has no Dockerfile that says what to run. */
const servesByModule = ({ source }: OwnApp): boolean =>
  source !== undefined && !hasFile(source, "Dockerfile");

/**
 * Built with the folder's own Dockerfile if it has one. Both image modes have the Python that it
 * builds on.
 */
function imageOf({ image, source = "." }: OwnApp): ImageSource {
  if (image) return { from: "reference", reference: image };
  const folder = hasFile(source, "Dockerfile") ? source : "dockerfiles/fastapi";
  return {
    from: "build",
    name: "app",
    context: source,
    dockerfile: `${folder}/Dockerfile`,
    bases: [pythonImage],
  };
}

function problems(app: OwnApp): Problem[] {
  const { source, image, module } = app;
  const useless = module !== undefined && !servesByModule(app);
  return [
    ...(useless ? [withoutEffect("app.module", "the image or the Dockerfile says what to run")] : []),
    ...wrongSource(source, image),
  ];
}

function wrongSource(source: string | undefined, image: string | undefined): Problem[] {
  const set = `Run: ${setCommand("app.source", "../my-rag")}`;
  if ((source === undefined) === (image === undefined)) {
    const found = source === undefined ? "neither source nor image" : "both source and image";
    return [problem("app", found, "exactly one of them must say what to run", set)];
  }
  if (source === undefined || hasFile(source, "Dockerfile") || hasFile(source, "requirements.txt")) return [];
  if (!hasFile(source)) return [problem("app.source", `"${source}"`, "the project has no such folder", set)];
  const why = "the folder needs a Dockerfile or a requirements.txt";
  const fix = "Add one of them: docs/guide/own-application.md shows both.";
  return [problem("app.source", `"${source}"`, why, fix)];
}
