/**
 * Tests that each health check, command and script uses only programs that the official image has
 * according to the catalogue. It does not prove that the catalogue is right: its facts were read in
 * the images' Dockerfiles. tests/images/contract.test.ts tests the stand-ins with the same facts.
 */
import { describe, expect, it } from "vitest";
import { partsOf } from "../../../cli/data/parts.ts";
import { images } from "../../../config/images.ts";
import { neededStores } from "../../../config/services/needed-stores.ts";
import { declaredPorts, declaredVolumes, programsOf } from "../../../config/spec/image.ts";
import { paced } from "../../../config/spec/paced-check.ts";
import { systems } from "../../../config/systems/index.ts";
import {
  catalogueOf,
  knownPrograms,
  lackingPrograms,
  lackingVolumes,
  programsIn,
  programsOfCommand,
  wrongCommand,
} from "../../../policies/programs.ts";
import { systemWith } from "../../support/program.ts";

const known = knownPrograms(images);

/** An own application that needs all stores that a stack runs only on request. */
const needy = {
  apps: { mine: { image: "mine:1.0", port: 8000, route: "/", needs: neededStores.map(({ name }) => name) } },
};

/** Servers outside of the stack, which jobs check. */
const outside = {
  postgres: { external: { host: "db.example.org", database: "library", user: "app" } },
  redis: { external: { host: "cache.example.org" } },
  chroma: { external: { host: "vectors.example.org" } },
  vectorStore: "chroma",
};

const titled = (raw: Record<string, unknown>, title: string) => {
  const secrets = new Set([
    ...["llmApiKey", "embeddingsApiKey", "openaiApiKey", "mistralApiKey"],
    ...["postgresPassword", "postgresAuthority", "redisPassword", "redisAuthority"],
  ]);
  const { services } = systemWith({ ...raw, images: "registry" }, { secrets });
  // Nothing is known about the user's own image.
  return services
    .filter(({ image }) => image.from !== "reference")
    .map((service) => ({
      title: `${service.name} of ${title}`,
      service,
      image: catalogueOf(service.image),
    }));
};

const services = Object.keys(systems).flatMap((system) =>
  ["dev", "prod"].flatMap((environment) => {
    const models = system === "full" ? { llm: { provider: "ollama", model: "llama3.2:1b", run: true } } : {};
    const stores = system === "full" && environment === "prod" ? { vectorStore: "chroma" } : {};
    return [
      ...titled({ system, environment, ...models, ...stores }, `${system} in ${environment}`),
      ...(system === "full"
        ? [
            ...titled({ environment, ...needy }, `an own application in ${environment}`),
            ...titled({ environment, ...outside }, `full on servers outside in ${environment}`),
            ...(environment === "prod" ? titled({ environment, target: "swarm" }, "full on a Swarm") : []),
          ]
        : []),
    ];
  }),
);

describe("what runs in an image", () => {
  it("is checked for every image of the catalogue", () => {
    const ran = new Set(services.map(({ image }) => image?.name));
    const unused = images.map(({ name }) => name).filter((name) => !ran.has(name));
    // Own applications are built on Node. PostgreSQL 18 has the same programs as 17.
    expect(unused).toEqual(["node", "postgres-18"]);
  });

  it("uses only programs that the official image has", () => {
    const lacking = services.flatMap(({ title, service }) =>
      lackingPrograms(service, known).map((program) => `${title}: ${program}`),
    );
    expect(lacking).toEqual([]);
  });

  it("gets a command that the entrypoint accepts: a program, or arguments of the image's own program", () => {
    const wrong = services.flatMap(({ title, service }) => {
      const first = wrongCommand(service);
      return first === undefined ? [] : [`${title}: ${first}`];
    });
    expect(wrong).toEqual([]);
  });

  it("mounts a volume at each path that the image declares", () => {
    const lacking = services.flatMap(({ title, service }) =>
      lackingVolumes(service).map((path) => `${title}: ${path}`),
    );
    expect(lacking).toEqual([]);
  });

  it("has GNU tar and find if a backup copies its files", () => {
    const cases = [...Object.keys(systems).map((system) => ({ system })), { system: "full", ...needy }];
    const lacking = cases.flatMap((raw) => {
      const { system } = raw;
      const spec = systemWith({ ...raw, images: "registry" });
      return partsOf(spec).flatMap((part) => {
        if (part.kind !== "files") return [];
        const service = part.tools ?? part.service;
        const found = spec.services.find(({ name }) => name === service);
        const image = found && catalogueOf(found.image);
        const has = image ? programsOf(image) : new Set<string>();
        return ["find", "tar"].flatMap((name) => (has.has(name) ? [] : [`${service} of ${system}: ${name}`]));
      });
    });
    expect(lacking).toEqual([]);
  });

  it("is extracted from scripts, pipes, substitutions and health checks", () => {
    expect(programsIn("curl -f x || exit 1", known)).toEqual(["curl"]);
    expect(programsIn('if ! x=$(psql -c y | sort); then\n  exec "$@"\nfi', known)).toEqual(["psql", "sort"]);
    expect(programsIn('A="$(cat f)" redis-cli ping | grep -q PONG', known)).toEqual([
      "cat",
      "grep",
      "redis-cli",
    ]);
    expect(programsIn("# curl\necho curl", known)).toEqual([]);
    const { test } = paced({
      test: ["CMD", "wget", "-q", "x"],
      interval: "5s",
      timeout: "5s",
      retries: 3,
      startPeriod: "5s",
    });
    expect(programsOfCommand(test.slice(1), known)).toEqual(["sh", "date", "rm", "sleep", "timeout", "wget"]);
  });
});

describe.each(images)("the facts of $name", (image) => {
  it("name the file and the version that were read", () => {
    for (const source of image.official.sources)
      expect(source).toMatch(/^[\w.-]+\/[\w.-]+@[\w.-]+:[\w./-]+$/);
  });

  it("do not contradict each other", () => {
    const { port, dataPath, healthcheck } = image;
    for (const declared of declaredPorts(image)) expect(declared).toBe(port);
    for (const declared of declaredVolumes(image)) expect(declared).toBe(dataPath);
    if (healthcheck) expect(programsOf(image)).toContain(healthcheck[0]);
  });
});
