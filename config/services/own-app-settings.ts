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

/** Whether own applications take the place of the reference application. */
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
