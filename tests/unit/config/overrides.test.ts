/**
 * Tests that every setting of every service has an effect or is refused by its path. Does not prove
 * that Docker follows the specification. tests/e2e proves that.
 */
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ConfigError } from "../../../config/settings/problem.ts";
import { type ServiceSettings, serviceSettings, userSecrets } from "../../../config/settings/schema.ts";
import {
  isLongRunning,
  type PublishedPort,
  publishedPorts,
  type ServiceSpec,
  type SystemSpec,
} from "../../../config/spec/service.ts";
import { mebibytes } from "../../../config/spec/units.ts";
import { systems } from "../../../config/systems/index.ts";
import { systemWith } from "../../support/program.ts";

/** The current values of a service on which samples depend. */
interface Present {
  readonly spec: ServiceSpec;
  /** Its published port, which may belong to an ingress. */
  readonly port: PublishedPort | undefined;
}

/** Values of a setting, each of which differs from the value of the service. */
type Sample = (present: Present) => readonly unknown[];
type IsLeaf<V> = V extends readonly unknown[]
  ? true
  : V extends object
    ? string extends keyof V
      ? true
      : false
    : true;
type Samples<T> = {
  readonly [K in keyof Required<T>]: true extends IsLeaf<NonNullable<T[K]>>
    ? Sample
    : Samples<NonNullable<T[K]>>;
};

/** A key without a sample does not compile. */
const samples: Samples<ServiceSettings> = {
  enabled: () => [false],
  exposure: ({ port }) =>
    ["none", "loopback", "public"].filter((value) => value !== (port?.exposure ?? "none")),
  outside: ({ spec }) => [!spec.outside],
  port: () => [9999],
  aliases: () => [["another-name"]],
  user: () => ["1234:1234"],
  secrets: () => [{ RAGDOCK_SAMPLE: "generate" }],
  extraHosts: () => [{ "sample.example.org": "192.0.2.7" }],
  entrypoint: () => [["sample"]],
  build: { args: () => [{ BUILD_PACKAGES: "gcc" }] },
  replicas: ({ spec }) => [isLongRunning(spec) ? spec.replicas + 1 : 2],
  limits: {
    cpus: ({ spec }) => [spec.limits.cpus + 0.5],
    memory: ({ spec }) => [`${mebibytes(spec.limits.memory) * 2}MiB`],
    reservation: ({ spec }) => [`${Math.ceil(mebibytes(spec.limits.memory) / 3)}MiB`],
  },
  gpus: () => ["all"],
  restartUnhealthy: ({ spec }) => [
    { after: "7m" },
    { limit: 7 },
    ...(isLongRunning(spec) && spec.restartUnhealthy ? [false] : []),
  ],
  soak: () => ["7s"],
  shm: () => ["777MiB"],
  logs: { maxSize: () => ["7MiB"], maxFiles: () => [7] },
  environment: () => [{ RAGDOCK_SAMPLE: "sample" }],
  files: () => [[{ path: "/etc/ragdock-sample", content: "sample" }]],
  mounts: () => [[{ source: "docs", target: "/sample", readOnly: true }]],
  sourceMount: () => [true],
};

type Leaf = readonly [path: string, sample: Sample];

const leavesOf = (of: object, path: readonly string[] = []): Leaf[] =>
  Object.entries(of).flatMap(([key, value]): Leaf[] =>
    typeof value === "function"
      ? [[[...path, key].join("."), value as Sample]]
      : leavesOf(value as object, [...path, key]),
  );

/** Returns the keys of the schema, with nested keys as separate entries. */
function schemaLeaves(schema: z.ZodType, path = ""): string[] {
  const inner = schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;
  if (!(inner instanceof z.ZodObject)) return [path];
  return Object.entries(inner.shape).flatMap(([key, child]) =>
    schemaLeaves(child as z.ZodType, path ? `${path}.${key}` : key),
  );
}

const llm = { provider: "ollama", model: "llama3.2:3b", run: true };
const embeddings = { provider: "ollama", model: "nomic-embed-text", run: true };
const cases: readonly { readonly system: string; readonly [key: string]: unknown }[] = [
  ...Object.keys(systems).map((system) => ({ system })),
  { system: "full", vectorStore: "chroma" },
  { system: "full", llm },
  { system: "full", llm, embeddings, app: { image: "mine:1.0" } },
  {
    system: "full",
    apps: {
      web: {
        image: "mine:1.0",
        port: 8000,
        route: "/",
        healthcheck: { path: "/ping" },
        migrate: ["migrate"],
      },
      worker: { image: "mine:1.0", volumes: [{ name: "files", path: "/srv" }] },
    },
  },
];
const secrets = new Set(Object.keys(userSecrets));

/** Returns the services as they would run. A port that is not published makes no difference. */
const running = ({ services, ...rest }: SystemSpec) => ({
  ...rest,
  services: services.map((s) => (isLongRunning(s) ? { ...s, ports: publishedPorts(s) } : s)),
});

/** If two settings contradict each other, the problem may name the other one. */
const elsewhere: readonly { readonly key: string; readonly path: RegExp; readonly why: string }[] = [
  {
    key: "enabled",
    path: /^ragdock:services\.\w+\.replicas$/,
    why: "without the ingress its port is on the service's own containers, of which a port takes one",
  },
  ...["enabled", "exposure"].map((key) => ({
    key,
    path: /^ragdock:registry$/,
    why: "a Swarm without the stack's registry needs another one",
  })),
];

/** Returns `{ limits: { cpus: 2 } }` for `limits.cpus` and 2. */
const nested = (path: string, value: unknown): Record<string, unknown> =>
  path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<string, unknown>;

/**
 * Returns an error if a setting of a service changes nothing and is not refused, or is refused
 * under another path.
 */
function silent(
  raw: Record<string, unknown>,
  base: SystemSpec,
  name: string,
  key: string,
  value: unknown,
): string[] {
  const found = `${name}.${key} = ${JSON.stringify(value)}`;
  try {
    const system = systemWith({ ...raw, services: { [name]: nested(key, value) } }, { secrets });
    return isDeepStrictEqual(running(system), running(base)) ? [`${found} does nothing`] : [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const paths = error.problems.map((p) => p.path);
    const own = `ragdock:services.${name}.${key}`;
    const isNamed = paths.some(
      (path) => path.startsWith(own) || elsewhere.some((e) => e.key === key && e.path.test(path)),
    );
    return isNamed ? [] : [`${found} is refused as ${paths.join(", ")}`];
  }
}

describe("the samples", () => {
  it("cover every key in the schema", () => {
    expect(
      leavesOf(samples)
        .map(([path]) => path)
        .sort(),
    ).toEqual(schemaLeaves(serviceSettings).sort());
  });
});

const named = [
  ...cases.flatMap((raw) => ["dev", "prod"].map((environment) => ({ ...raw, environment }))),
  // With the registry that the stack runs. In dev, a Swarm refuses what its services have by default.
  { system: "financerag", target: "swarm", environment: "prod" },
];
const base = (raw: Record<string, unknown>): SystemSpec => systemWith(raw, { secrets });
const tested = new Set<string>();

/**
 * Returns the services of a system that no earlier case has tested: `full` with Chroma repeats many
 * services of `full`.
 */
function untested(raw: (typeof named)[number]): ServiceSpec[] {
  return base(raw).services.filter((spec) => {
    const { alerts: _, files, ...rest } = { alerts: [], ...spec };
    const key = JSON.stringify([raw.system, raw.environment, rest, files.map(({ path }) => path)]);
    if (tested.has(key)) return false;
    tested.add(key);
    return true;
  });
}

describe.each(named.map((raw) => ({ raw, services: untested(raw) })))(
  "$raw.system $raw.environment %#",
  ({ raw, services }) => {
    const system = base(raw);

    it("ignores no setting", () => {
      expect(services.length).toBeGreaterThan(0);
      const portOf = (name: string): PublishedPort | undefined =>
        system.services.flatMap((s) => publishedPorts(s).filter(({ owner = s.name }) => owner === name))[0];
      const found = services.flatMap((spec) =>
        leavesOf(samples).flatMap(([key, sample]) =>
          sample({ spec, port: portOf(spec.name) }).flatMap((value) =>
            silent(raw, system, spec.name, key, value),
          ),
        ),
      );
      expect(found).toEqual([]);
    });
  },
);

it("the cases cover every service of every system, including derived ones and jobs", () => {
  const all = new Set(named.flatMap((raw) => base(raw).services.map(({ name }) => name)));
  expect([...all]).toEqual(
    expect.arrayContaining(["ingress", "gateway", "api-soak", "redis-credentials", "ollama-pull", "chroma"]),
  );
});
