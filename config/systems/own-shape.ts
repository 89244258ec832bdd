import { z } from "zod";
import type { ServiceTemplate } from "../services/module.ts";
import type { Role } from "../spec/service.ts";
import { sizePattern } from "../spec/units.ts";

const run = z.custom<() => unknown>((value) => typeof value === "function", "must be a function");
const texts = z.array(z.string());

/** Checks for mistakes that only the types would find. tsc checks the rest. */
const system = z.looseObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/, "must be lower-case letters, digits and -, such as acme-rag"),
  about: z.string().min(1),
  modules: z
    .array(
      z.looseObject({
        services: run,
        optIn: run.optional(),
        rules: run.optional(),
        images: z.array(z.looseObject({ name: z.string(), reference: z.string() })).optional(),
      }),
    )
    .min(1),
});

const roles = [
  ...[
    "api",
    "worker",
    "ui",
    "gateway",
    "ingress",
    "auth",
    "certificates",
    "registry",
    "postgres",
    "redis",
    "chroma",
  ],
  ...["store", "model", "monitoring", "exporter"],
] as const satisfies readonly Role[];

const image = z.discriminatedUnion("from", [
  z.looseObject({ from: z.literal("catalogue"), image: z.looseObject({ name: z.string() }) }),
  z.looseObject({ from: z.literal("reference"), reference: z.string() }),
  z.looseObject({
    from: z.literal("build"),
    name: z.string(),
    context: z.string(),
    dockerfile: z.string(),
  }),
]);

const workload = z.looseObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, "must be lower-case letters, digits and -, such as api"),
  role: z.enum(roles),
  image,
  command: texts.optional(),
  environment: z.record(z.string(), z.string()),
  files: z.array(z.looseObject({ path: z.string().startsWith("/") })),
  mounts: z.array(z.looseObject({ source: z.string(), target: z.string() })),
  volumes: z.array(z.looseObject({ volume: z.string(), path: z.string().startsWith("/") })),
  limits: z.looseObject({
    cpus: z.number().positive(),
    memory: z.string().regex(sizePattern, "must be a size, such as 512MiB"),
  }),
  dependsOn: texts,
});

const service = z.discriminatedUnion("kind", [
  workload.extend({ kind: z.literal("job") }),
  workload.extend({
    kind: z.enum(["stateful", "stateless"]),
    healthcheck: z.looseObject({ test: texts.min(2) }),
    replicas: z.int().min(1),
    ports: z.array(z.looseObject({ container: z.int(), host: z.int(), exposure: z.string() })),
  }),
]);

/** The first mistake in what a module exports as its system. Undefined if there is none. */
export const wrongSystem = (value: unknown): string | undefined => first(system.safeParse(value));

/** The first mistake in a service that a module returns. Undefined if there is none. */
export function wrongService(value: ServiceTemplate): string | undefined {
  const mistake = first(service.safeParse(value));
  return mistake && `service "${value?.name ?? "without a name"}": ${mistake}`;
}

function first({ error }: z.ZodSafeParseResult<unknown>): string | undefined {
  const issue = error?.issues[0];
  if (!issue) return undefined;
  const path = issue.path.map((step, at) =>
    typeof step === "number" ? `[${step}]` : `${at === 0 ? "" : "."}${String(step)}`,
  );
  return `${path.join("") || "it"}: ${issue.message}`;
}
