import { resolve } from "node:path";
import type { AppSettings, OwnAppSettings } from "../settings/apps.ts";
import type { Settings } from "../settings/schema.ts";

/** A user's own application, from either of the settings `app` and `apps`. */
export interface OwnApp extends OwnAppSettings {
  /** The name of its service. */
  readonly name: string;
  /** The path of its settings, without `ragdock:`. */
  readonly setting: string;
  /** The short name of the image that is built of its folder. */
  readonly imageName: string;
  /** Folders of volumes, for which the image has folders of its user: those of all its applications. */
  readonly imageFolders: readonly string[];
  /** Whether it has all stores, in addition to `needs`. */
  readonly needsAll: boolean;
}

type Own = Pick<Settings, "app" | "apps">;

/** Whether own applications replace the reference application. */
export const hasOwnApps = (settings: Own): boolean => ownApps(settings).length > 0;

/** The own applications of a stack. `app` is the short form of one that answers all requests. */
export function ownApps({ app, apps }: Own): OwnApp[] {
  if (app) return [fromShortForm(app)];
  const images = new Map<string, string>();
  const all = Object.entries(apps).map(([name, settings]) => {
    const { source, build } = settings;
    const folder = JSON.stringify([source && resolve(source), build]);
    const imageName = images.get(folder) ?? `app-${name}`;
    images.set(folder, imageName);
    return { ...settings, name, setting: `apps.${name}`, imageName, needsAll: false };
  });
  return all.map((app) => {
    const same = all.filter(({ imageName }) => imageName === app.imageName);
    const folders = same.flatMap(({ volumes = [] }) => volumes.map(({ path }) => path));
    return { ...app, imageFolders: [...new Set(folders)].sort() };
  });
}

/** What has variables with secrets: an own application, or a service of the system. */
export type SecretHolder = Pick<OwnApp, "name" | "setting"> &
  Partial<Pick<OwnApp, "secrets" | "env" | "envFile">>;

/**
 * Everything that has variables with secrets. All that have the same variable get the same value.
 */
export const secretHolders = (settings: Pick<Settings, "app" | "apps" | "services">): SecretHolder[] => [
  ...ownApps(settings),
  ...Object.entries(settings.services).flatMap(([name, { secrets }]) =>
    secrets ? [{ name, setting: `services.${name}`, secrets }] : [],
  ),
];

/** A path of the gateway that leads to a port of an application. */
export interface AppRoute {
  readonly path: string;
  readonly port: number;
  /** Whether the application gets only the rest of the path. */
  readonly strip?: boolean;
}

/** Whether a route is a host name instead of a path. */
export const isHostName = (route: string): boolean => !route.startsWith("/");

/** The path of the gateway behind a host name of an application. No other path has this prefix. */
export const pathBehind = ({ name }: Pick<OwnApp, "name">): string => `/~${name}/`;

/** Whether the gateway passes requests to an application. */
export const hasRoute = ({ route, routes = {} }: OwnApp): boolean =>
  route !== undefined || Object.keys(routes).length > 0;

/** The routes of an application. Its own one comes first. */
export function routesOf(app: OwnApp): AppRoute[] {
  const { route, port, routes = {} } = app;
  const more = Object.entries(routes).map(([path, to]) => ({ path, port: to }));
  if (route === undefined || port === undefined) return more;
  const own = isHostName(route) ? { path: pathBehind(app), port, strip: true } : { path: route, port };
  return [own, ...more];
}

/** The settings with the host names of applications among those that the ingress serves. */
export function withAppNames(settings: Settings): Settings {
  const names = ownApps(settings).flatMap((app) =>
    app.route !== undefined && isHostName(app.route) ? [[app.route, pathBehind(app)] as const] : [],
  );
  if (names.length === 0) return settings;
  const { ingress } = settings;
  return { ...settings, ingress: { ...ingress, names: { ...Object.fromEntries(names), ...ingress.names } } };
}

/** Whether two applications run the same image. */
export const sharesImage = (one: OwnApp, other: OwnApp): boolean =>
  one.image === other.image && one.imageName === other.imageName;

const fromShortForm = ({ healthPath, startPeriod, ...app }: AppSettings): OwnApp => ({
  ...app,
  name: "api",
  setting: "app",
  imageName: "app",
  imageFolders: [],
  needsAll: true,
  route: "/",
  healthcheck: { path: healthPath, startPeriod },
});
