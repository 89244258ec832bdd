/**
 * Tests that each health check, command and script uses only programs that the official image has
 * according to the catalogue. It does not prove that the catalogue is right: its facts were read in
 * the images' Dockerfiles. tests/images/contract.test.ts tests the stand-ins with the same facts.
 */
import { describe, expect, it } from "vitest";
import { partsOf } from "../../../cli/data/parts.ts";
import { images } from "../../../config/images.ts";
import { shown } from "../../../config/spec/content.ts";
import {
  type CatalogueImage,
  declaredPorts,
  declaredVolumes,
  type ImageSource,
  programsOf,
} from "../../../config/spec/image.ts";
import { paced } from "../../../config/spec/paced-check.ts";
import { isLongRunning, type ServiceSpec } from "../../../config/spec/service.ts";
import { systems } from "../../../config/systems/index.ts";
import { systemWith } from "../../support/program.ts";

/**
 * Programs that a script could use and that some image lacks, in addition to those of the
 * catalogue.
 */
const others = "awk basename curl dirname head jq nc openssl perl pgrep ps setpriv sort tr which xargs";
const known = new Set([...others.split(" "), ...images.flatMap((image) => [...programsOf(image)])]);

/** The programs of a shell script: known names where a command can begin. */
function programsIn(script: string): string[] {
  const code = script.replaceAll(/^\s*#.*$/gm, "");
  const begin = /(?:^|[|;&(){`!"']|\b(?:do|then|else|if|until|while|exec|timeout \S+)|\w=[^\s"(]*\s)\s*/;
  const found = code.matchAll(new RegExp(`${begin.source}(?=([a-z][\\w-]*)\\b)`, "gm"));
  return [...new Set([...found].flatMap(([, word]) => (word && known.has(word) ? [word] : [])))].sort();
}

/** The programs of a command: the first word, and those of the script that a shell gets. */
function programsOfCommand([first = "", ...rest]: readonly string[]): string[] {
  const script = /^(sh|bash)$/.test(first) && rest[0] === "-c" ? (rest[1] ?? "") : "";
  // The script of a paced check gets the checking command as its arguments.
  const inner = rest[2] === "healthcheck" ? programsOfCommand(rest.slice(3)) : [];
  return [first, ...programsIn(script), ...inner];
}

/** The programs that a service runs in its image, and those of its scripts. */
function programsUsed(service: ServiceSpec): string[] {
  const scripts = service.files.filter(({ path }) => path.endsWith(".sh"));
  return [
    ...(isLongRunning(service) ? programsOfCommand(paced(service.healthcheck).test.slice(1)) : []),
    ...scripts.flatMap(({ content }) => programsIn(shown(content))),
    ...(service.entrypoint ?? []).slice(0, 1),
  ];
}

/** The image of the catalogue that a service runs, or that its own image is built on. */
function catalogueOf(source: ImageSource): CatalogueImage | undefined {
  if (source.from === "catalogue") return source.image;
  return source.from === "build" ? source.bases?.map(catalogueOf).find((image) => image) : undefined;
}

const services = Object.keys(systems).flatMap((system) =>
  ["dev", "prod"].flatMap((environment) => {
    const models = system === "full" ? { llm: { provider: "ollama", model: "llama3.2:1b", run: true } } : {};
    const stores = system === "full" && environment === "prod" ? { vectorStore: "chroma" } : {};
    const raw = { system, environment, images: "registry", ...models, ...stores };
    const secrets = new Set(["llmApiKey", "embeddingsApiKey", "openaiApiKey", "mistralApiKey"]);
    return systemWith(raw, { secrets }).services.map((service) => ({
      title: `${service.name} of ${system} in ${environment}`,
      service,
      image: catalogueOf(service.image),
    }));
  }),
);

/** The services that run an image of the catalogue as it is. */
const official = services.flatMap(({ image, ...one }) =>
  image && one.service.image.from === "catalogue" ? [{ ...one, image }] : [],
);

describe("what runs in an image", () => {
  it("is checked for every image of the catalogue", () => {
    const ran = new Set(services.map(({ image }) => image?.name));
    const unused = images.map(({ name }) => name).filter((name) => !ran.has(name));
    // Own applications are built on Node. PostgreSQL 18 has the programs of 17.
    expect(unused).toEqual(["node", "postgres-18"]);
  });

  it("uses only programs that the official image has", () => {
    const lacking = services.flatMap(({ title, service, image }) => {
      const has = image ? programsOf(image) : new Set<string>();
      return programsUsed(service).flatMap((program) => (has.has(program) ? [] : [`${title}: ${program}`]));
    });
    expect(lacking).toEqual([]);
  });

  it("gets a command that the entrypoint takes: a program, or arguments of the image's own program", () => {
    const wrong = official.flatMap(({ title, service: { entrypoint: own, command }, image }) => {
      const { entrypoint = [], runsCommands = entrypoint.length === 0 } = image.official;
      const [first] = command ?? [];
      if (own || first === undefined) return [];
      const fits = runsCommands ? programsOf(image).has(first) : first.startsWith("-");
      return fits ? [] : [`${title}: ${first}`];
    });
    expect(wrong).toEqual([]);
  });

  it("mounts a volume at each path that the image declares", () => {
    // A job of a store needs no data.
    const lacking = official.flatMap(({ title, service, image }) => {
      const mounted = service.volumes.map(({ path }) => path);
      const declared = isLongRunning(service) ? declaredVolumes(image) : [];
      return declared.flatMap((path) => (mounted.includes(path) ? [] : [`${title}: ${path}`]));
    });
    expect(lacking).toEqual([]);
  });

  it("has GNU's tar and find, where a backup copies its files", () => {
    const lacking = Object.keys(systems).flatMap((system) => {
      const spec = systemWith({ system, images: "registry" });
      const copied = partsOf(spec).filter(({ kind }) => kind === "files");
      return copied.flatMap(({ service }) => {
        const found = spec.services.find(({ name }) => name === service);
        const image = found && catalogueOf(found.image);
        const has = image ? programsOf(image) : new Set<string>();
        return ["find", "tar"].flatMap((name) => (has.has(name) ? [] : [`${service} of ${system}: ${name}`]));
      });
    });
    expect(lacking).toEqual([]);
  });

  it("is found in scripts, pipes, substitutions and health checks", () => {
    expect(programsIn("curl -f x || exit 1")).toEqual(["curl"]);
    expect(programsIn('if ! x=$(psql -c y | sort); then\n  exec "$@"\nfi')).toEqual(["psql", "sort"]);
    expect(programsIn('A="$(cat f)" redis-cli ping | grep -q PONG')).toEqual(["cat", "grep", "redis-cli"]);
    expect(programsIn("# curl\necho curl")).toEqual([]);
    const { test } = paced({
      test: ["CMD", "wget", "-q", "x"],
      interval: "5s",
      timeout: "5s",
      retries: 3,
      startPeriod: "5s",
    });
    expect(programsOfCommand(test.slice(1))).toEqual(["sh", "date", "rm", "sleep", "timeout", "wget"]);
  });
});

describe.each(images)("the facts of $name", (image) => {
  it("name the file and the version that were read", () => {
    for (const source of image.official.sources)
      expect(source).toMatch(/^[\w.-]+\/[\w.-]+@[\w.-]+:[\w./-]+$/);
  });

  it("agree with each other", () => {
    const { port, dataPath, healthcheck } = image;
    for (const declared of declaredPorts(image)) expect(declared).toBe(port);
    for (const declared of declaredVolumes(image)) expect(declared).toBe(dataPath);
    if (healthcheck) expect(programsOf(image)).toContain(healthcheck[0]);
  });
});
