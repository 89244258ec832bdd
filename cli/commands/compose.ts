import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type ImageMode, imagePlan } from "../../components/image-plan.ts";
import { programOf } from "../../config/spec/container-options.ts";
import { Failure } from "../../config/spec/failure.ts";
import type { ImageSource } from "../../config/spec/image.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { fullName } from "../../config/spec/stack.ts";
import { containersOf } from "../../host/docker.ts";
import { programReader } from "../../host/image-program.ts";
import { hostPath, project, projectDir } from "../../host/paths.ts";
import { readSecrets } from "../backends/secrets.ts";
import { command, newStackOptions, print } from "../command.ts";
import { type ComposeBuild, composeConfigs, composeFile, writeCompose } from "../compose.ts";
import { withDeployer } from "../session.ts";
import { imageModeOf, systemOf } from "../system.ts";
import { buildImages } from "./build.ts";

export const compose = command({
  name: "compose",
  summary: "Write the system as a Docker Compose file, to run it without Ragdock",
  details: "Builds first, so that every image in the file exists. Its folder contains secrets in clear text",
  options: newStackOptions,
  examples: ["compose --stack dev"],
  run: async (options) => (await buildImages(options)) || write(options.stack),
});

async function write(stack: string): Promise<number> {
  const system = await systemOf(stack);
  const folder = join(projectDir, ".ragdock", "compose", stack);
  const secrets = await secretsFor(stack, system, join(folder, "secrets.json"));
  const mode = await imageModeOf(system);
  const file = composeFile(system, {
    project: fullName({ project, stack }, "compose"),
    image: (source) => {
      const plan = imagePlan(source, mode);
      return { name: plan.reference, local: plan.kind === "build" || plan.name in system.pinned };
    },
    build: (source) => buildSection(source, mode),
    hostPath,
    programs: await programsOf(system, mode),
  });
  writeCompose(folder, file, composeConfigs(system, secrets));
  writeFileSync(join(folder, "secrets.json"), `${JSON.stringify(secrets)}\n`, { mode: 0o600 });
  const path = relative(process.cwd(), join(folder, "compose.yaml"));
  print(
    `\nWrote ${path} and the files that its services need. They contain secrets in clear text. Only this user can read them.\n` +
      `Start it where this stack does not run, because the ports are the same: docker compose -f ${path} up -d --wait\n` +
      "It has its own volumes. docs/guide/compose.md explains how to move the data.",
  );
  return 0;
}

/**
 * The command lines of services with a start script. The build before this step has created their
 * images.
 */
async function programsOf({ services }: SystemSpec, mode: ImageMode): Promise<Record<string, string[]>> {
  const read = programReader({ make: false, containers: [] });
  const programs = services
    .filter(({ startScript }) => startScript !== undefined)
    .map(async (spec): Promise<[string, string[]]> => {
      const image = await read(imagePlan(spec.image, mode).reference);
      return [spec.name, [...programOf(spec, image)]];
    });
  return Object.fromEntries(await Promise.all(programs));
}

/** Compose can build the application's own images again: the images that they build on exist. */
function buildSection(source: ImageSource, mode: ImageMode): ComposeBuild | undefined {
  const plan = source.from === "build" ? imagePlan(source, mode) : undefined;
  if (plan?.kind !== "build") return undefined;
  return {
    context: resolve(projectDir, plan.context),
    dockerfile: resolve(projectDir, plan.dockerfile),
    args: plan.buildArgs,
    ...(plan.target ? { target: plan.target } : {}),
  };
}

/**
 * The stack's own secrets if it has some, otherwise those of an earlier export, otherwise new ones.
 */
async function secretsFor(stack: string, system: SystemSpec, kept: string): Promise<Record<string, string>> {
  const { name, credentials = {} } = await withDeployer(stack, async ({ deployer }) => {
    // A running stack has passwords, and it is an error if they are not found. A stack that does
    // not run may have none.
    const outputs = await deployer.outputs(true).catch(async (error: unknown) => {
      if ((await containersOf(stack)).length > 0) throw error;
      return {};
    });
    return { name: deployer.name, ...(outputs as { credentials?: Record<string, string> }) };
  });
  const earlier = existsSync(kept) ? (JSON.parse(readFileSync(kept, "utf8")) as Record<string, string>) : {};
  const own = name === "embedded" ? await readSecrets(stack) : {};
  return Object.fromEntries(
    Object.entries(system.secrets).map(([secret, source]) => {
      if (source.from === "known") return [secret, source.value];
      const given = source.from === "config" ? own[`${project}:${source.key}`] : undefined;
      const value = credentials[secret] ?? given ?? earlier[secret];
      if (value !== undefined) return [secret, value];
      if (source.from === "generated") return [secret, randomBytes(24).toString("hex")];
      throw new Failure(`The value of ${source.key} is not known here.`, `Run make up STACK=${stack} first.`);
    }),
  );
}
