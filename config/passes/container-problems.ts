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
 * The reason why a service does not take settings of its container. Undefined if it does. Stores and
 * services of Ragdock itself need their own users and programs.
 */
export function notAnApplication(service: ServiceSpec, { ctx }: Run): string | undefined {
  const { name, image } = service;
  const own = ownAppOf(name, ctx.settings);
  if (own) return `${own.setting} has this setting`;
  return isApplication(service) && image.from === "build"
    ? undefined
    : `only applications with a Dockerfile have it, and ${name} is none`;
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

/** Docker would send the requests for a name of two services to any of them. */
function takenAliases({ service: { name }, user, services, run }: Wish): Problem[] {
  const ofUser = (other: string): readonly string[] =>
    other === name ? [] : (run.ctx.settings.services[other]?.aliases ?? []);
  return (user.aliases ?? []).flatMap((alias, index) => {
    const owner = services.find((s) => [s.name, ...(s.aliases ?? []), ...ofUser(s.name)].includes(alias));
    if (!owner) return [];
    const at = `services.${name}.aliases[${index}]`;
    return [problem(at, `"${alias}"`, `${owner.name} has this name already`, `${toRun}${removeCommand(at)}`)];
  });
}

/** Docker only warns of an argument that no Dockerfile declares, and builds the same image. */
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
