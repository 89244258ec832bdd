import { readSystem } from "../../config/resolve.ts";
import { userSecrets } from "../../config/settings/schema.ts";
import { systems } from "../../config/systems/index.ts";
import { containerRules, imageRules } from "../../policies/rules.ts";
import { type Parts, table } from "../markdown.ts";

/** Returns the rules, and those that the systems break with their default settings. */
export function policiesPage(): Parts {
  const rules = [...containerRules, ...imageRules].map(({ name, level, description }) => [
    `\`${name}\``,
    level,
    description,
  ]);
  return {
    rules: table(["rule", "level", "what holds"], rules),
    defaults: table(["system", "rule", "in `dev`", "in `prod`"], Object.keys(systems).flatMap(broken)),
  };
}

/**
 * Returns the rules that a system with images from registries breaks, and the services that break
 * them.
 */
function broken(system: string): string[][] {
  const [dev, prod] = ["dev", "prod"].map((environment) => {
    const raw = { system, environment, images: "registry" };
    const facts = {
      project: "ragdock",
      stack: environment,
      secrets: new Set(Object.keys(userSecrets)),
      host: {},
    };
    return Map.groupBy(readSystem(raw, facts).findings, ({ rule }) => rule);
  });
  const names = (found: typeof dev, rule: string): string =>
    found
      ?.get(rule)
      ?.map(({ problem }) => problem.path.replace(/^.*\./, ""))
      .join(", ") ?? "–";
  const rules = new Set([...(dev?.keys() ?? []), ...(prod?.keys() ?? [])]);
  return [...rules].map((rule) => [system, `\`${rule}\``, names(dev, rule), names(prod, rule)]);
}
