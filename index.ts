import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { RagStack } from "./components/stack.ts";
import { resolveSystem } from "./config/resolve.ts";
import { ConfigError } from "./config/settings/problem.ts";
import { readSettings } from "./config/settings/read.ts";
import { type UserSecret, userSecrets } from "./config/settings/schema.ts";
import type { SystemSpec } from "./config/spec/service.ts";
import { baseImageTag, ensureBaseImage } from "./host/base-image.ts";
import { engineHost } from "./host/capacity.ts";
import { requirePostgresVersion } from "./host/data-version.ts";
import { Failure } from "./host/failure.ts";

// Pulumi's SDK notes a stack trace with every promise and formats each by source maps. There are none here, types are
// stripped in place, and this is two thirds of the time in which the program loads.
Error.prepareStackTrace = undefined as never;

const config = new pulumi.Config();
const project = pulumi.getProject();
const stack = pulumi.getStack();

// What the program asks Docker itself has to go to the engine that the provider works on, in the provider's order.
const provider = new pulumi.Config("docker");
const context = provider.get("context") ?? process.env.DOCKER_CONTEXT;
if (context) {
  process.env.DOCKER_CONTEXT = context;
  delete process.env.DOCKER_HOST;
} else {
  process.env.DOCKER_HOST = provider.get("host") ?? process.env.DOCKER_HOST ?? "unix:///var/run/docker.sock";
}

const secrets = Object.fromEntries(
  (Object.keys(userSecrets) as UserSecret[]).flatMap((key) => {
    const value = config.getSecret(key);
    return value ? [[key, value]] : [];
  }),
);

/** Settings whose values Pulumi keeps encrypted; its SDK does not tell otherwise. */
const encrypted = (JSON.parse(process.env.PULUMI_CONFIG_SECRET_KEYS ?? "[]") as string[])
  .filter((key) => key.startsWith(`${project}:`))
  .map((key) => key.slice(project.length + 1));

function system(): SystemSpec {
  try {
    return resolveSystem(readSettings(pulumi.runtime.allConfig(), project), {
      project,
      stack,
      secrets: new Set([...Object.keys(secrets), ...encrypted]),
      host: engineHost(),
    });
  } catch (error) {
    // Without a stack trace: the message says it all.
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}

/** The image that stand-ins are built on; made here where `make up` has not done so, so that `pulumi up` alone is enough. */
async function base(): Promise<string> {
  if (pulumi.runtime.isDryRun()) return baseImageTag();
  try {
    return await ensureBaseImage((line) => void pulumi.log.info(line));
  } catch (error) {
    throw new pulumi.RunError((error as Error).message);
  }
}

/** `pulumi up` looks at nothing before it starts: what must not be touched is refused here. */
async function requireFittingData(spec: SystemSpec): Promise<void> {
  try {
    await requirePostgresVersion(stack, spec);
  } catch (error) {
    if (error instanceof Failure) throw new pulumi.RunError(`${error.message}\n${error.advice}`);
    await pulumi.log.warn(`The version of the data was not looked at: ${(error as Error).message}`);
  }
}

const spec = system();
await requireFittingData(spec);
const rag = new RagStack(`${project}-${stack}`, {
  project,
  stack,
  system: spec,
  secrets,
  baseImage: spec.images === "packages" ? await base() : "",
  hostPath: (path) => resolve(import.meta.dirname, path),
});

export const name = spec.name;
export const environment = spec.environment;
export const images = spec.images;
export const urls = spec.urls;
export const missing = spec.unavailable;
export const containers = rag.containers;
export const volumes = rag.volumes;
export const credentials = rag.secrets;
