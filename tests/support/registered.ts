/** Registers a system's resources under Pulumi's mocks, without any provider. */
import * as pulumi from "@pulumi/pulumi";
import { RagStack, type RagStackArgs } from "../../components/stack.ts";
import { resolveSystem } from "../../config/resolve.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { openInProd } from "./program.ts";

/** A resource that the program registered. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

const canary = "canary0123456789canary0123456789";
/** All resources since the last call of `forget`. */
export let registered: Registered[] = [];

/** Forgets the registered resources, and ends the connection of the SDK. */
export async function forget(): Promise<void> {
  registered = [];
  await pulumi.runtime.disconnect();
}

class Mocks implements pulumi.runtime.Mocks {
  private readonly preview: boolean;

  constructor(preview: boolean) {
    this.preview = preview;
  }

  newResource({ type, name, inputs }: pulumi.runtime.MockResourceArgs) {
    registered.push({ type, name, inputs });
    const state = { ...inputs, name: inputs.name ?? `${name}-0000000` };
    if (type.endsWith(":RandomPassword"))
      return { id: name, state: { ...state, result: pulumi.secret(canary) } };
    if (type.endsWith(":RemoteImage"))
      return {
        id: name,
        state: { ...state, imageId: `sha256:${name}`, repoDigest: `${inputs.name}@sha256:${name}` },
      };
    if (type.endsWith(":Container"))
      return {
        id: name,
        state: { ...state, ...(this.preview ? {} : { exitCode: 0, containerLogs: "log" }) },
      };
    return { id: `${name}-id`, state };
  }

  call() {
    return {};
  }
}

const keys = {
  llmApiKey: pulumi.secret("sk-canary"),
  openaiApiKey: pulumi.secret("sk-canary"),
  mistralApiKey: pulumi.secret("sk-canary"),
  alertWebhook: pulumi.secret("https://hook.example.org/canary"),
  API_TOKEN: pulumi.secret("sk-canary"),
};

/** Registers the resources of a system with these settings, and returns it. */
export async function register(
  raw: Record<string, unknown>,
  { preview = false, ...more }: Partial<RagStackArgs> & { preview?: boolean } = {},
): Promise<SystemSpec> {
  await pulumi.runtime.setMocks(new Mocks(preview), "ragdock", "test", preview);
  const system = resolveSystem(openInProd(raw), {
    project: "ragdock",
    stack: "test",
    secrets: new Set(Object.keys(keys)),
    host: {},
  });
  new RagStack("ragdock-test", {
    project: "ragdock",
    stack: "test",
    system,
    secrets: keys,
    deployer: "anna@laptop",
    baseImage: "ragdock/base:test",
    secretVersions: {},
    keptSecrets: {},
    stopReplaced: async () => {},
    pushImage: async (reference) => `${reference}@sha256:${"0".repeat(64)}`,
    imageProgram: async () => ({ entrypoint: ["/entrypoint"], command: ["serve"] }),
    existingVolumes: {},
    broken: {},
    hostPath: (path) => `/project/${path}`,
    ...more,
  });
  await pulumi.runtime.disconnect();
  return system;
}

export const ofType = (suffix: string): Registered[] => registered.filter((r) => r.type.endsWith(suffix));
export const container = (service: string): Registered | undefined =>
  ofType("/container:Container").find((r) => r.name === `ragdock-test-${service}`);
