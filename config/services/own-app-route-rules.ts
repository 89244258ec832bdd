import type { Settings } from "../settings/schema.ts";
import { removeCommand, setCommand, toRun } from "../spec/message.ts";
import { type Problem, problem } from "../spec/problem.ts";
import { isHostName, type OwnApp, pathBehind } from "./own-app-settings.ts";

/** A path of an application, and the setting that has it. */
interface Route {
  readonly app: OwnApp;
  readonly setting: string;
  readonly path: string;
}

/** Problems of the settings `route` and `routes`. */
export function routeProblems(settings: Settings, apps: readonly OwnApp[]): Problem[] {
  const routed = apps.flatMap(pathsOf);
  return [
    ...routed.flatMap((route, index) => [...twice(route, routed.slice(0, index)), ...reserved(route)]),
    ...withoutFront(apps, routed),
    ...apps.flatMap((app) => hostProblems(settings, app)),
  ];
}

const pathsOf = (app: OwnApp): Route[] => [
  ...(app.route === undefined ? [] : [{ app, setting: `${app.setting}.route`, path: app.route }]),
  ...Object.keys(app.routes ?? {}).map((path) => ({
    app,
    setting: `${app.setting}.routes["${path}"]`,
    path,
  })),
];

const another = ({ app, setting }: Route): string =>
  setting.endsWith(".route")
    ? `${toRun}${setCommand(setting, `/${app.name}/`)}`
    : `${toRun}${removeCommand(setting)}`;

function twice(route: Route, before: readonly Route[]): Problem[] {
  const first = before.find(({ path }) => path === route.path);
  if (!first) return [];
  return [
    problem(route.setting, `"${route.path}"`, `${first.app.name} already has this route`, another(route)),
  ];
}

const reserved = (route: Route): Problem[] =>
  route.path.startsWith("/monitoring/")
    ? [problem(route.setting, `"${route.path}"`, "the monitoring pages have this path", another(route))]
    : [];

/** The gateway itself serves no pages, so one application must answer all other paths. */
function withoutFront(apps: readonly OwnApp[], routed: readonly Route[]): Problem[] {
  const [first] = apps.filter(({ port }) => port !== undefined).concat(apps);
  if (!first || routed.some(({ path }) => path === "/")) return [];
  const found = routed.map(({ app, path }) => `${path} of ${app.name}`).join(", ") || "no routes";
  const fix = `${toRun}${setCommand(`${first.setting}.route`, "/")}`;
  return [problem("apps", found, "one application must have the route /", fix)];
}

/** The ingress serves a host name as it serves those of `ragdock:ingress.names`. */
function hostProblems({ ingress }: Settings, { route, setting, name }: OwnApp): Problem[] {
  if (route === undefined || !isHostName(route)) return [];
  const path = `${setting}.route`;
  const asPath = setCommand(path, `/${name}/`);
  const say = (why: string, fix: string): Problem => problem(path, `"${route}"`, why, `${toRun}${fix}`);
  const isNamed = ingress.names[route] !== pathBehind({ name });
  return [
    ...(ingress.tls === "off"
      ? [
          say(
            "the name is in the certificate, and `ragdock:ingress.tls` is off",
            `${setCommand("ingress.tls", "internal")}; or: ${asPath}`,
          ),
        ]
      : []),
    ...(ingress.domain === undefined
      ? [
          say(
            "it is served in addition to `ragdock:ingress.domain`, which is not set",
            `${setCommand("ingress.domain", "rag.example.org")}; or: ${asPath}`,
          ),
        ]
      : []),
    ...(route === ingress.domain?.toLowerCase()
      ? [say("the name is `ragdock:ingress.domain`, which serves all paths", asPath)]
      : []),
    ...(isNamed
      ? [say("`ragdock:ingress.names` also has this name", removeCommand(`ingress.names["${route}"]`))]
      : []),
  ];
}
