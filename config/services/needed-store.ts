import type { Secret } from "../spec/content.ts";
import { type CatalogueImage, catalogueImage } from "../spec/image.ts";
import { setCommand, toRun } from "../spec/message.ts";
import type { Alert } from "../spec/monitoring.ts";
import { type Problem, problem } from "../spec/problem.ts";
import type { LongRunning } from "../spec/service.ts";
import { type Context, type ServiceModule, type ServiceTemplate, serviceDefaults } from "./module.ts";
import { ownApps } from "./own-app-settings.ts";
import { storeConsequences } from "./postgres.ts";
import { generated } from "./secrets.ts";

/** A store that a stack runs if an own application needs it. */
export interface NeededStore extends ServiceModule {
  /** The service's name, which applications write under `needs`. */
  readonly name: string;
  /** The secrets that an application with this need may use. */
  readonly secrets: (ctx: Context) => readonly Secret[];
}

/** The image of such a store. */
type StoreImage = CatalogueImage & Required<Pick<CatalogueImage, "port" | "dataPath">>;

/** The values of the service that differ from those of every such store. */
type Own = Partial<ServiceTemplate<LongRunning>> & Pick<LongRunning, "healthcheck" | "limits" | "rows">;

/** The name that clients log in with. */
export const clientUser = "rag";

/**
 * The user and the password of a store with one user. The store sets the password at each start, so a
 * rotation restarts it.
 */
export const clientLogin = (
  ctx: Context,
  store: string,
): { readonly user: Secret; readonly password: Secret } => ({
  user: { name: `${store}-user`, source: { from: "known", value: clientUser } },
  password: generated(ctx, `${store}-password`, store),
});

/** Makes the module of a store that a stack runs if an own application needs it. */
export const neededStore = (
  image: StoreImage,
  title: string,
  secrets: NeededStore["secrets"],
  own: (ctx: Context) => Own,
): NeededStore => ({
  name: image.name,
  secrets: (ctx) => (isNeeded(ctx, image.name) ? secrets(ctx) : []),
  images: [image],
  optIn: (ctx) => isNeeded(ctx, image.name),
  services: (ctx) => [
    {
      ...serviceDefaults,
      name: image.name,
      role: "store",
      kind: "stateful",
      ...catalogueImage(image),
      volumes: [{ volume: `${image.name}-data`, path: image.dataPath }],
      ports: [{ container: image.port, host: image.port, exposure: "none" }],
      stopGracePeriod: "1m",
      alerts: [down(image.name, title)],
      ...own(ctx),
    },
  ],
  rules: (ctx) => notBuilt(ctx, image),
});

/**
 * The settings that need a store. If an own application has this name, the need means the
 * application.
 */
function placesOf({ settings }: Context, store: string): string[] {
  const apps = ownApps(settings);
  if (apps.some(({ name }) => name === store)) return [];
  return apps.flatMap(({ setting, needs = [] }) =>
    needs.flatMap((need, index) => (need === store ? [`${setting}.needs[${index}]`] : [])),
  );
}

const isNeeded = (ctx: Context, store: string): boolean => placesOf(ctx, store).length > 0;

/** Without the image, the application would call a store that does not exist. */
function notBuilt(ctx: Context, image: StoreImage): Problem[] {
  const { images, pinned } = ctx.settings;
  const { name, standIn, reference } = image;
  if (images === "registry" || !("unavailable" in standIn) || Object.hasOwn(pinned, name)) return [];
  const why = `images is packages, and ${standIn.unavailable}`;
  const fix = `${toRun}${setCommand("images", "registry")}; or name an image that the host has: ${setCommand(`pinned.${name}`, reference)}`;
  return placesOf(ctx, name).map((place) => problem(place, `"${name}"`, why, fix));
}

const down = (name: string, title: string): Alert => ({
  name: `${title}Down`,
  severity: "critical",
  expr: `probe_success{service="${name}"} == 0`,
  holds: "1m",
  summary: `${title} does not answer`,
  description: `Applications that need ${title} do not work while it is down. Its data is on its volume.`,
  runbook:
    `Read \`make logs SERVICE=${name}\`. Exit code 137 is the memory limit: raise services.${name}.limits.memory. ` +
    "If the disk is full, free space first. After a crash it recovers by itself: wait for it.",
  suppresses: storeConsequences,
});
