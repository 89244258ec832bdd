import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fullName } from "../../components/names.ts";
import { type ImagePlans, imagePlan } from "../../components/plan.ts";
import type { ImageSource, SystemSpec } from "../../config/spec/service.ts";
import { containersOf } from "../../host/docker.ts";
import { Failure } from "../../host/failure.ts";
import { passphrase, project, projectDir } from "../../host/paths.ts";
import { openDeployer } from "../backends/index.ts";
import { readSecrets } from "../backends/secrets.ts";
import { type Command, print } from "../command.ts";
import { type ComposeBuild, composeConfigs, composeFile, writeCompose } from "../compose.ts";
import { plansOf, systemOf } from "../preflight/index.ts";

/** Writes the stack's system as a Compose file, with its images built before. */
export const compose: Command = async ({ stack }) => {
  const system = systemOf(stack, print);
  const folder = join(projectDir, ".ragdock", "compose", stack);
  const secrets = await secretsFor(stack, system, join(folder, "secrets.json"));
  const images = plansOf(system);
  const file = composeFile(system, {
    project: fullName({ project, stack }, "compose"),
    image: (source) => {
      const plan = imagePlan(source, images);
      return { name: plan.reference, local: plan.kind === "build" || plan.part in system.pinned };
    },
    build: (source) => buildSection(source, images),
    hostPath: (path) => resolve(projectDir, path),
  });
  writeCompose(folder, file, composeConfigs(system, secrets));
  writeFileSync(join(folder, "secrets.json"), `${JSON.stringify(secrets)}\n`, { mode: 0o600 });
  const path = relative(process.cwd(), join(folder, "compose.yaml"));
  print(
    `\nWrote ${path} and what its services need beside it. Secrets are in there in clear, for this user alone.\n` +
      `Start it where this stack does not run (the ports are the same): docker compose -f ${path} up -d --wait\n` +
      "It has volumes of its own; docs/guide/compose.md says how to take the data along.",
  );
  return 0;
};

/** The application's own images can be built again by Compose: what they build on is there. */
function buildSection(source: ImageSource, images: ImagePlans): ComposeBuild | undefined {
  if (source.from !== "build") return undefined;
  const plan = imagePlan(source, images);
  if (plan.kind !== "build") return undefined;
  return {
    context: resolve(projectDir, plan.context),
    dockerfile: resolve(projectDir, plan.dockerfile),
    args: plan.buildArgs,
    ...(plan.target ? { target: plan.target } : {}),
  };
}

/** The stack's own secrets where it has some, else those of an earlier export, else new ones. */
async function secretsFor(stack: string, system: SystemSpec, kept: string): Promise<Record<string, string>> {
  const silent = { event: () => {}, say: print };
  const engine = openDeployer(stack, silent);
  // A stack that runs has passwords, and not to find them is an error; one that does not run may never have had any.
  const outputs = await engine
    .outputs(true)
    .catch(async (error: unknown): Promise<Record<string, unknown>> => {
      if ((await containersOf(stack)).length > 0) throw error;
      return {};
    });
  const known = (outputs.credentials ?? {}) as Record<string, string>;
  const earlier = existsSync(kept) ? (JSON.parse(readFileSync(kept, "utf8")) as Record<string, string>) : {};
  const own = engine.name === "embedded" ? readSecrets(stack, passphrase(print)) : {};
  return Object.fromEntries(
    Object.entries(system.secrets).map(([name, source]) => {
      if (source.from === "value") return [name, source.value];
      const given = source.from === "config" ? own[`${project}:${source.key}`] : undefined;
      const value = known[name] ?? given ?? earlier[name];
      if (value !== undefined) return [name, value];
      if (source.from === "generated") return [name, randomBytes(24).toString("hex")];
      throw new Failure(`The value of ${source.key} is not known here.`, `Run make up STACK=${stack} first.`);
    }),
  );
}
