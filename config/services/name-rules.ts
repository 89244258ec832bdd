import { alsoRun, removeCommand, setCommand, toRun } from "../spec/message.ts";
import { type Problem, problem } from "../spec/problem.ts";
import { longRunning, type Route, type ServiceSpec } from "../spec/service.ts";
import { authPath } from "./auth.ts";
import { gatewayPort } from "./gateway.ts";
import type { Context } from "./module.ts";
import { ownApps } from "./own-app-settings.ts";

/** Problems of `ragdock:ingress.names`. */
export function nameProblems(ctx: Context, services: readonly ServiceSpec[]): Problem[] {
  const { names } = ofSettings(ctx);
  return [
    ...needs(ctx),
    ...Object.entries(names).flatMap(([name, path]) => [
      ...sameAsDomain(name, path, ctx),
      ...withoutRoute(name, path, services),
    ]),
  ];
}

export const settingOf = (name: string): string => `ingress.names["${name}"]`;

/** Other rules check the host names of applications. */
function ofSettings({ settings }: Context): Context["settings"]["ingress"] {
  const routes = ownApps(settings).map(({ route }) => route);
  const names = Object.entries(settings.ingress.names).filter(([name]) => !routes.includes(name));
  return { ...settings.ingress, names: Object.fromEntries(names) };
}

function needs(ctx: Context): Problem[] {
  const { names, tls, domain } = ofSettings(ctx);
  const found = Object.keys(names).join(", ");
  if (!found) return [];
  return [
    ...(tls === "off"
      ? [
          problem(
            "ingress.names",
            found,
            "the names are in the certificate, and `ragdock:ingress.tls` is off",
            `${toRun}${setCommand("ingress.tls", "internal")}; or: ${removeCommand("ingress.names")}`,
          ),
        ]
      : []),
    ...(domain
      ? []
      : [
          problem(
            "ingress.names",
            found,
            "they are served in addition to `ragdock:ingress.domain`, which is not set",
            `${toRun}${setCommand("ingress.domain", "rag.example.org")}`,
          ),
        ]),
  ];
}

const sameAsDomain = (name: string, path: string, { settings: { ingress } }: Context): Problem[] =>
  name === ingress.domain?.toLowerCase()
    ? [
        problem(
          settingOf(name),
          `"${path}"`,
          "the name is `ragdock:ingress.domain`, which serves all paths",
          `Use another name, or ${alsoRun}${removeCommand(settingOf(name))}`,
        ),
      ]
    : [];

/**
 * Reports a path that no service has, except the web interface, which gets all paths that no other
 * service has. A user's own application may have any path.
 */
function withoutRoute(name: string, path: string, services: readonly ServiceSpec[]): Problem[] {
  const routes = routesOf(services);
  const [route] = routes
    .filter((one) => path.startsWith(one.path))
    .sort((a, b) => b.path.length - a.path.length);
  const isOwn = services.some((s) => s.name === route?.service && "ownPages" in s && s.ownPages);
  if (routes.length === 0 || route?.path === path || (route && route.path !== "/") || isOwn) return [];
  const paths = routes.map((one) => one.path);
  const fix = `${toRun}${setCommand(settingOf(name), paths[0] ?? "/")}`;
  return [
    problem(settingOf(name), `"${path}"`, `no service has this path; the paths are ${paths.join(", ")}`, fix),
  ];
}

/** The routes of the first port, without the pages to sign in, which each name serves. */
const routesOf = (services: readonly ServiceSpec[]): Route[] =>
  longRunning(services).flatMap(({ role, routes = [] }) =>
    role === "gateway"
      ? routes.filter(({ listen, path }) => listen === gatewayPort && path !== authPath)
      : [],
  );
