import { images } from "./images.ts";
import { afterCredentials, withCredentials } from "./passes/credentials.ts";
import { merge } from "./passes/overrides.ts";
import { networksOf, reachable, urlsOf } from "./passes/publish.ts";
import { soaked } from "./passes/soak.ts";
import { published } from "./services/gateway.ts";
import { chooseModels, missingKeys } from "./services/models.ts";
import type { Context, ServiceTemplate } from "./services/template.ts";
import { fromZod, without } from "./settings/issues.ts";
import { ConfigError, type Problem, setCommand } from "./settings/problem.ts";
import { disabledButNeeded, meaningless, withoutEffect, wrongFiles } from "./settings/rules/applies.ts";
import type { Host } from "./settings/rules/capacity.ts";
import { checks } from "./settings/rules/checks.ts";
import { type Settings, settings } from "./settings/schema.ts";
import { defined } from "./spec/defined.ts";
import { encryptedInVain, secretsOf, unknownRotations } from "./spec/secrets.ts";
import type { ServiceSpec, SystemSpec } from "./spec/service.ts";
import { mebibytes } from "./spec/units.ts";
import { type SystemName, systems } from "./systems/index.ts";
import type { System } from "./systems/system.ts";

/** What the configuration does not say of itself. */
export interface Facts {
  readonly project: string;
  readonly stack: string;
  /** Settings that are kept encrypted, by name; their values are not looked at. */
  readonly secrets: ReadonlySet<string>;
  /** The engine's host, as far as it is known. */
  readonly host: Host;
}

/**
 * Turns a stack's settings into a whole system, defaults filled in and cross-checked.
 * @param raw what stands under `ragdock:`, key by key
 * @throws ConfigError with everything that is wrong
 */
export function resolveSystem(raw: Readonly<Record<string, unknown>>, facts: Facts): SystemSpec {
  const open = Object.fromEntries(Object.entries(raw).filter(([key]) => !facts.secrets.has(key)));
  const { spec, problems } = read(open, facts);
  const all = [...encryptedInVain(facts.secrets), ...problems];
  if (spec && all.length === 0) return spec;
  throw new ConfigError(all, facts.stack);
}

interface Resolved {
  readonly spec?: SystemSpec;
  readonly problems: readonly Problem[];
}

function read(raw: Readonly<Record<string, unknown>>, facts: Facts): Resolved {
  const parsed = settings.safeParse(raw);
  if (parsed.success) return assemble(parsed.data, raw, facts);
  // What cannot be read is left out, so that everything else that is wrong is said too.
  const rest = settings.safeParse(without(raw, parsed.error.issues));
  const problems = [
    ...parsed.error.issues.flatMap((issue) => fromZod(issue, raw)),
    ...(rest.success ? assemble(rest.data, raw, facts).problems : []),
  ];
  return { problems };
}

function assemble(user: Settings, raw: Readonly<Record<string, unknown>>, facts: Facts): Resolved {
  if (!Object.hasOwn(systems, user.system)) return { problems: [unknownSystem(user.system)] };
  const system = systemNamed(user.system);
  const ctx = contextOf(user, facts);
  const drafts = afterCredentials(withCredentials(system.services(ctx)));
  const { kept, missing } = available(drafts, user);
  const merged = soaked(
    afterCredentials(kept.map((draft) => merge(draft, user.services[draft.name])))
      .flatMap((draft) => published(ctx, draft))
      .map((draft) => reachable(draft, system.networks)),
  );
  const services = finish(merged);
  // Of services that are switched off or cannot be had as well: their password is of use again with their data.
  const possible = finish(drafts);
  const secrets = secretsOf([...possible, ...services], user.rotations);
  return {
    spec: {
      name: user.system,
      environment: user.environment,
      images: user.images,
      pinned: user.pinned,
      services,
      networks: networksOf(services, system.networks),
      secrets,
      unavailable: missing,
      urls: urlsOf(services),
    },
    problems: [
      ...unknownServices(user, [...drafts, ...merged]),
      ...meaningless(user, raw, system, drafts),
      ...withoutEffect(user, drafts),
      ...disabledButNeeded(user, drafts),
      ...wrongFiles(user, drafts, secretsOf(possible, user.rotations)),
      ...unknownRotations(user.rotations, secrets),
      ...(system.models ? missingKeys(ctx.models, ctx.secrets, ctx.stack) : []),
      ...checks({ ctx, services, host: { ...facts.host, ...hostOf(user) } }),
    ],
  };
}

/** What the user says of a host that is not this machine. */
function hostOf({ host }: Settings): Host {
  return defined({ memoryMiB: host.memory && mebibytes(host.memory), cpus: host.cpus });
}

/** What the services of a system are described from. */
export function contextOf(user: Settings, { project, stack, secrets }: Facts): Context {
  const system = systemNamed(user.system);
  return {
    project,
    stack,
    secrets,
    settings: user,
    prod: user.environment === "prod",
    vectorStore: user.vectorStore ?? system.vectorStore?.[user.environment] ?? "pgvector",
    models: chooseModels(user, secrets, system.models?.own),
  };
}

const systemNamed = (name: string): System => systems[name as SystemName];

function unknownSystem(found: string): Problem {
  const names = Object.keys(systems);
  return {
    path: "ragdock:system",
    found: `"${found}"`,
    problem: `must be one of ${names.join(", ")}`,
    fix: `Type: ${setCommand("system", names[0] ?? "full")}`,
  };
}

function unknownServices(user: Settings, drafts: readonly ServiceTemplate[]): Problem[] {
  const names = new Set(drafts.map((d) => d.name));
  return Object.keys(user.services)
    .filter((name) => !names.has(name))
    .map((name) => ({
      path: `ragdock:services.${name}`,
      found: "settings for a service that the system does not have",
      problem: `${user.system} has ${[...names].join(", ")}`,
      fix: `Type: pulumi config rm --path 'ragdock:services.${name}'`,
    }));
}

/** Leaves out what the user disabled and what this image source cannot offer, unless an image is named for it. */
function available(
  drafts: readonly ServiceTemplate[],
  user: Settings,
): { kept: ServiceTemplate[]; missing: Record<string, string> } {
  const missing: Record<string, string> = {};
  const kept = drafts.filter((draft) => {
    if (user.services[draft.name]?.enabled === false) return false;
    if (user.images === "registry" || draft.image.from !== "catalogue") return true;
    if (Object.hasOwn(user.pinned, draft.image.name)) return true;
    const image = images[draft.image.name];
    if ("standIn" in image) missing[draft.name] = image.standIn;
    return !("standIn" in image);
  });
  return { kept, missing };
}

/** Renders the files that depend on the whole list, and forgets start-order entries of absent services. */
function finish(drafts: readonly ServiceTemplate[]): ServiceSpec[] {
  const names = new Set(drafts.map((d) => d.name));
  const ordered = drafts.map((draft) => ({
    ...draft,
    dependsOn: draft.dependsOn.filter((name) => names.has(name)),
  }));
  return ordered.map(({ renderFiles: render, ...service }) => ({
    ...service,
    files: [...service.files, ...(render?.(ordered) ?? [])],
  })) as ServiceSpec[];
}
