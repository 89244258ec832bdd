import { readFileSync } from "node:fs";
import type { ServiceTemplate } from "../services/module.ts";
import { secretProblems } from "../services/own-app-secret-rules.ts";
import { ownApps, secretHolders } from "../services/own-app-settings.ts";
import { projectPath } from "../services/project-files.ts";
import type { ServiceSettings } from "../settings/schema.ts";
import type { Secret } from "../spec/content.ts";
import { removeCommand, toRun } from "../spec/message.ts";
import { type Problem, problem } from "../spec/problem.ts";
import type { ServiceSpec } from "../spec/service.ts";
import { isApplication } from "./container-settings.ts";
import type { Run, Wish } from "./pass.ts";

/**
 * The reason why a service does not accept settings of its container. Undefined if it accepts them.
 * Stores and services of Ragdock itself need their own users and programs.
 */
export function notAnApplication(service: ServiceSpec, { ctx }: Run): string | undefined {
  const { name, image } = service;
  const own = ownAppOf(name, ctx.settings);
  if (own) return `set this in ${own.setting}`;
  return isApplication(service) && image.from === "build"
    ? undefined
    : `only applications with a Dockerfile have this setting, and ${name} is not one`;
}

const ownAppOf = (service: string, settings: Run["ctx"]["settings"]) =>
  ownApps(settings).find(({ name }) => service === name || service === `${name}-migrate`);

/** Problems of settings of a container that depend on the other services. */
export function containerProblems(wish: Wish, secrets: ReadonlyMap<string, Secret>): Problem[] {
  const { service, user, run } = wish;
  const { name } = service;
  if (notAnApplication(service, run)) return takenAliases(wish);
  const holders = secretHolders(run.ctx.settings);
  const holder = holders.find(({ setting }) => setting === `services.${name}`);
  const whose = "an application may use";
  return [
    ...takenAliases(wish),
    ...unknownArguments(service, user),
    ...(holder ? secretProblems(run.ctx, holder, holders, secrets, whose) : []),
  ];
}

/** If two services had the same name, Docker would send requests to either of them. */
function takenAliases({ service: { name }, user, services, run }: Wish): Problem[] {
  const ofUser = (other: string): readonly string[] =>
    other === name ? [] : (run.ctx.settings.services[other]?.aliases ?? []);
  return (user.aliases ?? []).flatMap((alias, index) => {
    const owner = services.find((s) => [s.name, ...(s.aliases ?? []), ...ofUser(s.name)].includes(alias));
    if (!owner) return [];
    const at = `services.${name}.aliases[${index}]`;
    return [problem(at, `"${alias}"`, `${owner.name} already has this name`, `${toRun}${removeCommand(at)}`)];
  });
}

/**
 * If no Dockerfile declares an argument, Docker only prints a warning and builds the same image.
 */
function unknownArguments({ name, image }: ServiceTemplate, user: ServiceSettings): Problem[] {
  if (image.from !== "build") return [];
  const declared = readFileSync(projectPath(image.dockerfile), "utf8").matchAll(/^ARG\s+(\w+)/gim);
  const known = [...declared].map(([, key = ""]) => key).filter((key) => !key.endsWith("_IMAGE"));
  return Object.entries(user.build?.args ?? {}).flatMap(([key, value]) => {
    if (known.includes(key)) return [];
    const at = `services.${name}.build.args.${key}`;
    const why = `${image.dockerfile} declares ${known.join(", ") || "no arguments but its base images"}`;
    return [problem(at, `"${value}"`, why, `${toRun}${removeCommand(at)}`)];
  });
}
