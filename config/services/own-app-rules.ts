import type { Settings } from "../settings/schema.ts";
import { externalStores } from "../spec/external.ts";
import { alsoRun, removeCommand, setCommand, toRun } from "../spec/message.ts";
import { isReservedNetwork } from "../spec/networks.ts";
import { type Problem, problem, withoutEffect } from "../spec/problem.ts";
import type { ServiceSpec } from "../spec/service.ts";
import { neededStores } from "./needed-stores.ts";
import { wrongBuild } from "./own-app-build-rules.ts";
import { containerProblems } from "./own-app-container-rules.ts";
import { dockerfileOf, isServed } from "./own-app-image.ts";
import { routeProblems } from "./own-app-route-rules.ts";
import { hasRoute, type OwnApp, ownApps } from "./own-app-settings.ts";
import { hasFile } from "./project-files.ts";

/** The roles of services that an application may need. */
const needable = ["postgres", "redis", "chroma", "model"];

/** Stores that the stack runs if an application needs them. */
const optional = neededStores.map(({ name }) => name);

/** Problems of the settings `app` and `apps`. */
export function ownAppProblems(settings: Settings, services: readonly ServiceSpec[]): Problem[] {
  const apps = ownApps(settings);
  return [
    ...bothForms(settings),
    ...routeProblems(settings, apps),
    ...apps.flatMap((app) => [
      ...wrongSource(app),
      ...wrongBuild(app, settings),
      ...useless(app),
      ...wrongJob(app),
      ...wrongPort(app),
      ...wrongName(app, services),
      ...wrongNeeds(app, apps, services),
      ...wrongVolumes(app, apps, services),
      ...wrongFile(app),
      ...containerProblems(app, services),
    ]),
  ];
}

function bothForms({ app, apps }: Settings): Problem[] {
  const names = Object.keys(apps);
  if (!app || names.length === 0) return [];
  const why = "`app` is the short form for one application, and `apps` is for several";
  const fix = `Move it into ragdock:apps, or ${alsoRun}${removeCommand("apps")}`;
  return [problem("app", `both app and apps (${names.join(", ")})`, why, fix)];
}

function wrongSource(app: OwnApp): Problem[] {
  const { source, image, setting } = app;
  const set = `${toRun}${setCommand(`${setting}.source`, "../my-rag")}`;
  if ((source === undefined) === (image === undefined)) {
    const found = source === undefined ? "neither source nor image" : "both source and image";
    return [problem(setting, found, "exactly one of them must say what to run", set)];
  }
  if (source === undefined) return [];
  const path = `${setting}.source`;
  if (!hasFile(source)) return [problem(path, `"${source}"`, "the project has no such folder", set)];
  if (app.build?.dockerfile && !hasFile(source, app.build.dockerfile)) {
    const fix = `Correct its name, or ${alsoRun}${removeCommand(`${setting}.build.dockerfile`)}`;
    return [
      problem(`${setting}.build.dockerfile`, `"${dockerfileOf(app)}"`, `${source} has no such file`, fix),
    ];
  }
  return [];
}

/** Reports settings of an application that have no effect. */
function useless(app: OwnApp): Problem[] {
  const { setting, port, healthcheck = {}, needs = [], needsAll } = app;
  const isRouted = hasRoute(app);
  const unrouted = "the gateway passes requests only to applications with a route";
  const noClient = "it does not need postgres";
  const all: readonly (readonly [key: string, isSet: boolean, hasEffect: boolean, why: string])[] = [
    ["module", app.module !== undefined, isServed(app), whatRuns(app)],
    ["metricsPath", app.metricsPath !== undefined, port !== undefined, "it has no port"],
    ["bodySize", app.bodySize !== undefined, isRouted, unrouted],
    ["timeout", app.timeout !== undefined, isRouted, unrouted],
    [
      "databaseConnections",
      app.databaseConnections !== undefined,
      needsAll || needs.includes("postgres"),
      noClient,
    ],
    ["healthcheck.path", healthcheck.path !== undefined, port !== undefined, "it has no port"],
  ];
  return all.flatMap(([key, isSet, hasEffect, why]) =>
    isSet && !hasEffect ? [withoutEffect(`${setting}.${key}`, why)] : [],
  );
}

/** The settings that only an application which stays up can have. */
const stayingUp = [
  "port",
  "route",
  "routes",
  "healthcheck",
  "replicas",
  "migrate",
  "metricsPath",
  "bodySize",
  "timeout",
  "ephemeral",
] as const;

function wrongJob(app: OwnApp): Problem[] {
  const { setting, job } = app;
  const given = stayingUp.filter((key) => app[key] !== undefined);
  if (!job || given.length === 0) return [];
  const why = `a job ends, so it cannot have ${given.join(", ")}`;
  return [problem(`${setting}.job`, "true", why, `${toRun}${removeCommand(`${setting}.job`)}`)];
}

const whatRuns = ({ command }: OwnApp): string =>
  command ? "`command` says what to run" : "the image or the Dockerfile says what to run";

function wrongPort(app: OwnApp): Problem[] {
  const { setting, port, route, healthcheck } = app;
  const set = `${toRun}${setCommand(`${setting}.port`, "8000")}`;
  const both = healthcheck?.path !== undefined && healthcheck.command !== undefined;
  return [
    ...(route !== undefined && port === undefined
      ? [problem(`${setting}.port`, "nothing", `the gateway needs it for the route ${route}`, set)]
      : []),
    ...(isServed(app) && port === undefined && route === undefined
      ? [
          problem(
            setting,
            "neither port nor command",
            "the folder has no Dockerfile that says what to run",
            set,
          ),
        ]
      : []),
    ...(both
      ? [
          problem(
            `${setting}.healthcheck`,
            "both path and command",
            "exactly one of them must define the check",
            `${toRun}${removeCommand(`${setting}.healthcheck.path`)}`,
          ),
        ]
      : []),
  ];
}

/** A service is a name and, for some, a network. Both must be free. */
function wrongName({ name, setting }: OwnApp, services: readonly ServiceSpec[]): Problem[] {
  const isTaken = services.filter((s) => s.name === name).length > 1 || isReservedNetwork(name);
  if (!isTaken) return [];
  const why = "the system has a service or a network of this name";
  return [problem(setting, `the name "${name}"`, why, `Choose another name, such as my-${name}.`)];
}

function wrongNeeds(app: OwnApp, apps: readonly OwnApp[], services: readonly ServiceSpec[]): Problem[] {
  const own = apps.map(({ name }) => name).filter((name) => name !== app.name);
  const inside = services.filter((s) => s.kind !== "job" && needable.includes(s.role));
  const stores = [...inside, ...externalStores(services)].map(({ name }) => name);
  const known = [...new Set([...stores, ...optional, ...own])];
  return (app.needs ?? []).flatMap((need, index) => {
    if (known.includes(need)) return [];
    const path = `${app.setting}.needs[${index}]`;
    const isChroma = need === "chroma";
    const fix = isChroma
      ? `${toRun}${setCommand("vectorStore", "chroma")}`
      : "Correct the name or remove it.";
    return [problem(path, `"${need}"`, `an application can need ${known.join(", ")}`, fix)];
  });
}

/**
 * A volume of an application must not be that of a store, and only one volume can be mounted at a
 * folder.
 */
function wrongVolumes(
  { setting, volumes = [] }: OwnApp,
  apps: readonly OwnApp[],
  services: readonly ServiceSpec[],
): Problem[] {
  const own = apps.map(({ name }) => name);
  return volumes.flatMap(({ name, path }, index): Problem[] => {
    const at = `${setting}.volumes[${index}]`;
    const owner = services.find(
      (s) => !own.includes(s.name) && s.volumes.some(({ volume }) => volume === name),
    );
    const isTwice = volumes.slice(0, index).some((other) => other.path === path);
    return [
      ...(owner
        ? [
            problem(
              `${at}.name`,
              `"${name}"`,
              `${owner.name} already has this volume`,
              "Choose another name.",
            ),
          ]
        : []),
      ...(isTwice
        ? [
            problem(
              `${at}.path`,
              `"${path}"`,
              "another volume is mounted at this folder",
              "Choose another folder.",
            ),
          ]
        : []),
    ];
  });
}

function wrongFile({ envFile, setting }: OwnApp): Problem[] {
  if (envFile === undefined || hasFile(envFile)) return [];
  const fix = `Correct its path, which is relative to the project, or ${alsoRun}${removeCommand(`${setting}.envFile`)}`;
  return [problem(`${setting}.envFile`, `"${envFile}"`, "there is no such file", fix)];
}
