import type { z } from "zod";
import { disabledButNeeded, withoutEffect } from "./applies.ts";
import { checks, type Host } from "./checks.ts";
import { images } from "./images.ts";
import { merge } from "./merge.ts";
import { ConfigError, type Problem, setCommand } from "./problem.ts";
import { type Settings, settings, type UserSecret } from "./schema.ts";
import { isLongRunning, type SecretSource, type ServiceSpec, type SystemSpec } from "./service.ts";
import type { Context, Draft } from "./services/draft.ts";
import { type SystemName, systems } from "./systems/index.ts";

/** What the configuration does not say of itself. */
export interface Facts {
  readonly project: string;
  readonly stack: string;
  /** User secrets that are set, by name; their values are not looked at. */
  readonly secrets: ReadonlySet<string>;
  /** The engine's host, as far as it is known. */
  readonly host: Host;
}

/**
 * Turns a stack's settings into a whole system, defaults filled in and cross-checked.
 * @param raw what stands under `ragdock:`, key by key
 * @throws ConfigError with everything that is wrong
 */
export function load(raw: Readonly<Record<string, unknown>>, facts: Facts): SystemSpec {
  const parsed = settings.safeParse(raw);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.flatMap((issue) => fromZod(issue, raw)));
  const user = parsed.data;
  if (!Object.hasOwn(systems, user.system)) throw new ConfigError([unknownSystem(user.system)]);

  const ctx: Context = {
    project: facts.project,
    stack: facts.stack,
    settings: user,
    prod: user.environment === "prod",
  };
  const drafts = systems[user.system as SystemName](ctx);
  const misplaced = [
    ...unknownServices(user, drafts),
    ...withoutEffect(user, drafts),
    ...disabledButNeeded(user, drafts),
  ];
  const { kept, missing } = available(drafts, user);
  const services = finish(kept.map((draft) => merge(draft, user.services[draft.name])));
  const problems = [
    ...misplaced,
    ...checks({ settings: user, services, secrets: facts.secrets, host: facts.host }),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    name: user.system,
    environment: user.environment,
    images: user.images,
    services,
    secrets: secretsOf(services),
    missing,
    urls: urlsOf(services, user.app !== undefined),
  };
}

/** zod's issues in our form; an unknown key is reported under its own path. */
function fromZod(issue: z.core.$ZodIssue, raw: unknown): Problem[] {
  const path = dotted(issue.path);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: `ragdock:${path ? `${path}.` : ""}${key}`,
      found: "a setting that does not exist",
      problem: "it would be ignored",
      fix: "See docs/settings.md for the names; remove it or correct its spelling.",
    }));
  }
  const found = issue.path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown>)?.[key],
    raw,
  );
  return [
    {
      path: `ragdock:${path}`,
      found: found === undefined ? "nothing" : JSON.stringify(found),
      problem: issue.message,
      fix: `Type: ${setCommand(path, example(issue))}`,
    },
  ];
}

const dotted = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((all, key) => {
    if (typeof key === "number") return `${all}[${key}]`;
    return all ? `${all}.${String(key)}` : String(key);
  }, "");

/** A value that would pass, where the issue tells one. */
function example(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return String(issue.values[0]);
  if (issue.code === "too_small") return String(issue.minimum);
  if (issue.code === "too_big") return String(issue.maximum);
  return "VALUE";
}

function unknownSystem(found: string): Problem {
  const names = Object.keys(systems);
  return {
    path: "ragdock:system",
    found: `"${found}"`,
    problem: `must be one of ${names.join(", ")}`,
    fix: `Type: ${setCommand("system", names[0] ?? "full")}`,
  };
}

function unknownServices(user: Settings, drafts: readonly Draft[]): Problem[] {
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

/** Leaves out what the user disabled and what this image source cannot offer, the latter with its reason. */
function available(
  drafts: readonly Draft[],
  user: Settings,
): { kept: Draft[]; missing: Record<string, string> } {
  const missing: Record<string, string> = {};
  const kept = drafts.filter((draft) => {
    if (user.services[draft.name]?.enabled === false) return false;
    if (user.images === "registry" || draft.image.from !== "catalogue") return true;
    const image = images[draft.image.name];
    if ("standIn" in image) missing[draft.name] = image.standIn;
    return !("standIn" in image);
  });
  return { kept, missing };
}

/** Renders the files that depend on the whole list, and forgets start-order entries of absent services. */
function finish(drafts: readonly Draft[]): ServiceSpec[] {
  const names = new Set(drafts.map((d) => d.name));
  const ordered = drafts.map((draft) => ({ ...draft, after: draft.after.filter((name) => names.has(name)) }));
  return ordered.map(({ render, ...service }) => ({
    ...service,
    files: [...service.files, ...(render?.(ordered) ?? [])],
  })) as ServiceSpec[];
}

/** User secrets by the name their file carries. */
const configured: Readonly<Record<string, UserSecret>> = {
  "llm-api-key": "llmApiKey",
  "embeddings-api-key": "embeddingsApiKey",
};

/** Matches the place of a secret in a file's content. */
export const secretPlace = /\{\{secret:([a-z0-9-]+)\}\}/g;

function secretsOf(services: readonly ServiceSpec[]): Record<string, SecretSource> {
  const names = services.flatMap((s) =>
    s.files.flatMap((file) => [...file.content.matchAll(secretPlace)].map((match) => match[1] as string)),
  );
  return Object.fromEntries(
    [...new Set(names)].sort().map((name) => {
      const key = configured[name];
      return [name, key ? { from: "config", key } : { from: "generated" }];
    }),
  );
}

/** @param own whether a user's application stands in the API's place, at the root */
function urlsOf(services: readonly ServiceSpec[], own: boolean): Record<string, string> {
  const urls: Record<string, string> = {};
  for (const service of services.filter(isLongRunning)) {
    if (!service.endpoint || service.endpoint.exposure === "none") continue;
    const http = !["postgres", "redis"].includes(service.role);
    const url = `${http ? "http://" : ""}localhost:${service.endpoint.host}`;
    urls[service.name] = url;
    if (service.role !== "gateway") continue;
    if (services.some((s) => s.role === "ui")) urls.ui = `${url}/`;
    if (services.some((s) => s.role === "api")) urls.api = own ? url : `${url}/api`;
  }
  return urls;
}
