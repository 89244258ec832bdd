/**
 * Tests the rules with whole systems. tests/pulumi runs the policy pack under the real CLI.
 */
import { describe, expect, it } from "vitest";
import { describe as describeStack } from "../../../cli/plan/describe.ts";
import { pulledReference } from "../../../config/images.ts";
import { readSystem } from "../../../config/resolve.ts";
import type { SystemSpec } from "../../../config/spec/service.ts";
import { systems } from "../../../config/systems/index.ts";
import project from "../../../package.json" with { type: "json" };
import {
  type ContainerInputs,
  declaredContainer,
  declaredImage,
  type ImageInputs,
} from "../../../policies/declared.ts";
import pack from "../../../policies/package.json" with { type: "json" };
import { imagesOf, viewOf } from "../../../policies/view.ts";
import { facts } from "../../support/program.ts";
import { problems } from "../config/problems.ts";

const secrets = new Set(["llmApiKey", "embeddingsApiKey", "mistralApiKey", "openaiApiKey"]);
const findingsOf = (raw: Record<string, unknown>) => readSystem(raw, { ...facts, secrets }).findings;

const defaults = Object.keys(systems).flatMap((system) =>
  ["dev", "prod"].flatMap((environment) =>
    ["registry", "packages"].map((images) => ({ system, environment, images })),
  ),
);

describe.each(defaults)("$system in $environment from $images", (raw) => {
  it("breaks no mandatory rule by default", () => {
    expect(findingsOf(raw).filter(({ level }) => level === "mandatory")).toEqual([]);
  });

  it("breaks only the advisory rules that docs/reference/policies.md lists", () => {
    const broken = new Set(findingsOf(raw).map(({ rule }) => rule));
    broken.delete("no-root");
    expect([...broken]).toEqual(raw.images === "registry" ? ["pinned-images"] : []);
    const asRoot = findingsOf(raw).filter(({ rule }) => rule === "no-root");
    const known = ["cadvisor", "chroma", "chromadb"].map((name) => `ragdock:services.${name}`);
    for (const { problem } of asRoot) expect(known).toContain(problem.path);
  });

  it("looks the same to the rules as a system and as resources of a program", async () => {
    const { spec } = readSystem(raw, { ...facts, secrets });
    const { containers, others } = await describeStack(raw, facts);
    const declared = Object.entries(containers).map(([name, { inputs }]) =>
      declaredContainer(name, inputs as ContainerInputs),
    );
    const { services } = spec as SystemSpec;
    const replicas = services.flatMap((service) =>
      Array.from({ length: service.kind === "job" ? 1 : service.replicas }, () => viewOf(service)),
    );
    expect(byService(declared)).toEqual(byService(replicas.map(withFullVolumes)));
    const images = Object.entries(others.image).flatMap(
      ([name, inputs]) => declaredImage(name, inputs as ImageInputs) ?? [],
    );
    const expected = imagesOf(services, (source) => pulledReference(source, spec as SystemSpec));
    expect(byName(images)).toEqual(byName(expected));
  });
});

it("the policy pack has the project's version and packages", () => {
  expect(pack.version).toBe(project.version);
  expect(pack).not.toHaveProperty("dependencies");
});

describe("ragdock:policy", () => {
  const raw = { images: "packages", services: { api: { environment: { API_KEY: "abc" } } } };

  it("advises by default", () => {
    expect(problems(raw)).toEqual([]);
    expect(findingsOf(raw).map(({ rule }) => rule)).toEqual(["no-secret-in-environment"]);
  });

  it("refuses advisory findings if it is strict", () => {
    const paths = problems({ ...raw, policy: "strict" }).map(({ path }) => path);
    expect(paths).toEqual(["ragdock:services.api.environment.API_KEY"]);
  });

  it("a setting chooses the user of an own application, because its image may run as root", () => {
    const app = { image: "mine@sha256:0", port: 8000 };
    const own = { images: "packages", policy: "strict" };
    const paths = (user?: string) =>
      problems({ ...own, app: { ...app, ...(user ? { user } : {}) } }).map(({ path }) => path);
    expect(paths()).toContain("ragdock:services.api");
    expect(paths("10001:10001")).not.toContain("ragdock:services.api");
  });
});

const byService = <T extends { readonly service: string }>(all: readonly T[]): T[] =>
  all.toSorted((a, b) => a.service.localeCompare(b.service));

const byName = <T extends { readonly name: string }>(all: readonly T[]): T[] =>
  all.toSorted((a, b) => a.name.localeCompare(b.name));

/** Docker's names of volumes have project and stack in front. */
const withFullVolumes = (view: ReturnType<typeof viewOf>) => ({
  ...view,
  volumes: view.volumes.map((volume) => `ragdock-test-${volume}`),
});
