// Declares the resources of the setting `resources`, so that each test contains its program.
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Declared } from "../harness.ts";

const KINDS = {
  Container: docker.Container,
  Network: docker.Network,
  Volume: docker.Volume,
  RemoteImage: docker.RemoteImage,
  Provider: docker.Provider,
  RandomPassword: random.RandomPassword,
  RandomId: random.RandomId,
};

const made = new Map<string, pulumi.Resource>();

function resolve(value: unknown): unknown {
  if (typeof value === "string") {
    const parts = value.split(/<(\w+)\.(\w+)>/);
    if (parts.length === 1) return value;
    const outputs = parts.flatMap((part, i) => {
      if (i % 3 === 0) return [part];
      return i % 3 === 1 ? [(made.get(part) as unknown as Record<string, unknown>)[parts[i + 1] ?? ""]] : [];
    });
    return outputs.length === 3 && outputs[0] === "" && outputs[2] === ""
      ? outputs[1]
      : pulumi.concat(...(outputs as string[]));
  }
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item)]));
}

function options(opts: Record<string, unknown> = {}): Record<string, unknown> {
  const resource = (name: unknown) => made.get(String(name));
  const { dependsOn, provider, deletedWith, parent, ...rest } = opts;
  return {
    ...rest,
    ...(dependsOn ? { dependsOn: (dependsOn as string[]).map(resource) } : {}),
    ...(provider ? { provider: resource(provider) } : {}),
    ...(deletedWith ? { deletedWith: resource(deletedWith) } : {}),
    ...(parent ? { parent: resource(parent) } : {}),
  };
}

for (const { kind, name, args, opts } of new pulumi.Config().requireObject<Declared[]>("resources")) {
  const Kind = KINDS[kind] as unknown as new (...args: unknown[]) => pulumi.Resource;
  made.set(name, new Kind(name, resolve(args ?? {}), options(opts)));
}
