import { capacity } from "../policies/capacity.ts";
import { type Finding, findings, refused } from "../policies/findings.ts";
import { ports as portPolicies } from "../policies/ports.ts";
import { replicas } from "../policies/replicas.ts";
import { swarm } from "../policies/swarm.ts";
import { pulledReference } from "./images.ts";
import { passes } from "./passes/index.ts";
import type { Run } from "./passes/pass.ts";
import { ingressProblems } from "./services/ingress-rules.ts";
import { chooseModels, modelProblems } from "./services/models.ts";
import type { Context, ServiceTemplate } from "./services/module.ts";
import { ownApps, withAppNames } from "./services/own-app-settings.ts";
import { ownRegistryOf } from "./services/registry.ts";
import { askedSecrets } from "./settings/app-secrets.ts";
import { fromZod, without } from "./settings/issues.ts";
import { ConfigError } from "./settings/problem.ts";
import { encryptedInVain, traitProblems, unknownRotations } from "./settings/rules.ts";
import { type Settings, settings } from "./settings/schema.ts";
import { strayPlaceholders } from "./settings/stray-placeholders.ts";
import { defined } from "./spec/defined.ts";
import type { Host } from "./spec/host.ts";
import { outsideNetwork } from "./spec/networks.ts";
import { type Problem, problem, withoutEffect } from "./spec/problem.ts";
import { collectSecrets, rotatable } from "./spec/secrets.ts";
import type { Network, ServiceSpec, SystemSpec } from "./spec/service.ts";
import { requireStackName, type StackName } from "./spec/stack.ts";
import { mebibytes } from "./spec/units.ts";
import { urlsOf } from "./spec/urls.ts";
import { addedMonitoring } from "./systems/added-monitoring.ts";
import { type Found, findSystem } from "./systems/find.ts";
import { failingSystem, requireServices, sharedNames } from "./systems/own.ts";
import type { System } from "./systems/system.ts";

/** The facts that are not in the settings. */
export interface Facts extends StackName {
  /** Settings that are kept encrypted, by name. Their values are not read here. */
  readonly secrets: ReadonlySet<string>;
  /** The Docker host, as far as it is known. */
  readonly host: Host;
}

/**
 * Turns a stack's settings into a whole system, with defaults filled in and everything checked.
 * @param raw the settings under `ragdock:`, key by key
 * @throws ConfigError with everything that is wrong, or a Failure for the stack's name
 */
export function resolveSystem(raw: Readonly<Record<string, unknown>>, facts: Facts): SystemSpec {
  requireStackName(facts.stack);
  const open = Object.fromEntries(Object.entries(raw).filter(([key]) => !facts.secrets.has(key)));
  const { spec, problems } = readSystem(open, facts);
  const all = [...encryptedInVain(facts.secrets, askedSecrets(raw)), ...problems];
  if (spec && all.length === 0) return spec;
  throw new ConfigError(all);
}

interface Resolved {
  readonly spec?: SystemSpec;
  /** The settings as the schema reads them. */
  readonly user?: Settings;
  /** What the modules got. */
  readonly ctx?: Context;
  readonly problems: readonly Problem[];
  /**
   * The rules of policies/ that the system breaks. Findings that count as errors are also problems.
   */
  readonly findings: readonly Finding[];
}

/** Returns the system for settings that may be wrong, and the problems of the settings. */
export function readSystem(raw: Readonly<Record<string, unknown>>, facts: Facts): Resolved {
  const parsed = settings.safeParse(raw);
  if (parsed.success) return assemble(parsed.data, raw, facts);
  // Values that cannot be read are left out, so that all other problems are reported too.
  const rest = settings.safeParse(without(raw, parsed.error.issues));
  const assembled = rest.success ? assemble(rest.data, raw, facts) : { problems: [], findings: [] };
  const unreadable = parsed.error.issues.flatMap((issue) => fromZod(issue, raw));
  return { ...assembled, problems: [...unreadable, ...assembled.problems] };
}

function assemble(user: Settings, raw: Readonly<Record<string, unknown>>, facts: Facts): Resolved {
  const found = findSystem(user.system);
  if ("problem" in found) return { problems: [found.problem], findings: [] };
  try {
    return assembled(found, user, raw, facts);
  } catch (error) {
    if (found.digest === undefined) throw error;
    return { problems: [failingSystem(user.system, error)], findings: [] };
  }
}

function assembled(
  { name, system, digest }: Found,
  user: Settings,
  raw: Readonly<Record<string, unknown>>,
  facts: Facts,
): Resolved {
  const ctx = contextOf(user, system, facts);
  const run: Run = { ctx, problems: [], unavailable: {}, dropped: [] };
  const own = system.modules.filter(({ optIn }) => optIn?.(ctx) ?? true);
  const described = own.flatMap((module) => [...module.services(ctx)]);
  const added = user.monitoring.enabled ? addedMonitoring(own, described) : [];
  const modules = [...own, ...added];
  const templates = [...described, ...added.flatMap((module) => [...module.services(ctx)])];
  if (digest !== undefined) requireServices(templates);
  const services = passes.reduce((list, pass) => pass(list, run), templates as readonly ServiceTemplate[]);
  const secrets = collectSecrets([...services, ...run.dropped]);
  const has = (name: string): boolean => templates.some((s) => s.name === name);
  const spec: SystemSpec = {
    name,
    ...defined({ source: digest }),
    environment: user.environment,
    target: user.target,
    swarm: user.swarm,
    images: user.images,
    registry: user.registry,
    ...defined({ ownRegistry: ownRegistryOf(ctx, services) }),
    pinned: user.pinned,
    services,
    networks: networksUsed(services),
    secrets,
    unavailable: run.unavailable,
    urls: urlsOf(services, ctx.host, user.ingress.domain, Object.keys(ctx.settings.ingress.names)),
    lostVolumes: user.lostVolumes,
    lostFiles: user.lostFiles,
  };
  const found = findings(spec, (source) => pulledReference(source, spec));
  const traits = {
    prometheus: has("prometheus"),
    alertmanager: has("alertmanager"),
    postgres: templates.some((s) => s.role === "postgres"),
    redis: templates.some((s) => s.role === "redis"),
    chroma: templates.some((s) => s.role === "chroma"),
  };
  return {
    spec,
    user,
    ctx,
    findings: found,
    problems: [
      ...(user.monitoring.enabled && added.length === 0
        ? [withoutEffect("monitoring.enabled", `${name} already has all of these services`)]
        : []),
      ...traitProblems(user, raw, system, traits),
      ...(digest === undefined
        ? []
        : sharedNames(
            user.system,
            services,
            ownApps(user).map(({ name }) => name),
          )),
      ...strayPlaceholders(raw),
      ...run.problems,
      ...takenPaths(user, services),
      ...modules.flatMap((module) => module.rules?.(ctx, services) ?? []),
      ...unknownRotations(user.rotations, rotatable(secrets)),
      ...(system.models ? modelProblems(ctx.models, ctx.secrets, system.modules) : []),
      ...ingressProblems(ctx, raw, services),
      ...portPolicies(spec),
      ...refused(found, user.policy),
      ...replicas(spec),
      // The size of one node says nothing about a Swarm.
      ...capacity(spec, user.target === "swarm" ? {} : ctx.host),
      ...swarm(spec, facts.stack),
    ],
  };
}

/** Applies the user's settings for the size of the host. */
const hostOf = ({ host }: Settings): Host =>
  defined({ memoryMiB: host.memory && mebibytes(host.memory), cpus: host.cpus });

/** Returns the input from which modules describe their services. */
export function contextOf(user: Settings, system: System, { project, stack, secrets, host }: Facts): Context {
  return {
    project,
    stack,
    secrets,
    settings: withAppNames(user),
    prod: user.environment === "prod",
    vectorStore: user.vectorStore ?? system.vectorStore?.[user.environment] ?? "pgvector",
    models: chooseModels(user, secrets, system.models?.own, system.modules),
    host: { ...host, ...hostOf(user) },
  };
}

function networksUsed(services: readonly ServiceSpec[]): Record<string, Network> {
  const names = new Set(services.flatMap((s) => s.networks));
  return Object.fromEntries([...names].sort().map((name) => [name, { internal: name !== outsideNetwork }]));
}

/** Reports files of the user whose path is taken by a file of the service. */
const takenPaths = (user: Settings, services: readonly ServiceSpec[]): Problem[] =>
  services.flatMap(({ name, files }) =>
    (user.services[name]?.files ?? []).flatMap(({ path }, index) => {
      if (files.filter((file) => file.path === path).length < 2) return [];
      const why = `${name} already has a file at this path`;
      return [problem(`services.${name}.files[${index}].path`, `"${path}"`, why, "Choose another path.")];
    }),
  );
