/** Tests which changes of a build's context change the image. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { contextDigest } from "../../../components/context-digest.ts";
import { imageMode, imagePlan } from "../../../components/image-plan.ts";
import { type Built, type ImageSource, imageName } from "../../../config/spec/image.ts";
import { systems } from "../../../config/systems/index.ts";
import { systemWith } from "../../support/program.ts";

const folder = mkdtempSync(join(tmpdir(), "ragdock-context-"));
const file = join(folder, "app.py");
const dockerfile = join(folder, "Dockerfile");
writeFileSync(dockerfile, "FROM scratch\nCOPY app.py /\n");
writeFileSync(file, "pass\n");
afterAll(() => rmSync(folder, { recursive: true }));

/** Returns the digest with this mode of the file. */
function digest(mode: number): string {
  chmodSync(dockerfile, 0o644);
  chmodSync(file, mode);
  return contextDigest(folder, dockerfile, {});
}

it("depends on who may read and run a file, but not on its group's access", () => {
  const usual = digest(0o644);
  expect(digest(0o664)).toBe(usual);
  const others = [digest(0o600), digest(0o755), digest(0o700)];
  expect(new Set([usual, ...others]).size).toBe(4);
});

it("is read once in a run, so that all parts of it use the same reference", () => {
  chmodSync(file, 0o644);
  const source = { from: "build", name: "once", context: folder, dockerfile } as const;
  const mode = imageMode(systemWith(), "ragdock", "base");
  const { reference } = imagePlan(source, mode);
  writeFileSync(file, "print()\n");
  expect(imagePlan(source, mode).reference).toBe(reference);
});

/** The images that Ragdock builds from Python sources, with those that they build on. */
const signIn = { tls: "internal", domain: "rag.example.org", signIn: { users: true } };
const sources = Object.keys(systems).flatMap((system) =>
  systemWith({ system, images: "packages", ingress: signIn }).services.map(({ image }) => image),
);
const withBases = (source: ImageSource): ImageSource[] => [
  source,
  ...(source.from === "build" ? (source.bases ?? []).flatMap(withBases) : []),
];
const python = new Map(
  sources
    .flatMap(withBases)
    .filter((source) => source.from === "build" && existsSync(join(source.context, "pyproject.toml")))
    .map((source) => [imageName(source), source as Built]),
);

it("eleven images are built from Python sources", () => expect(python.size).toBe(11));

it.each([...python])("does not depend on files that Python's tools leave behind: %s", (_, source) => {
  const copy = mkdtempSync(join(folder, "copy-"));
  cpSync(source.context, copy, { recursive: true });
  const before = contextDigest(copy, source.dockerfile, {});
  const folders = readdirSync(copy, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const parent of ["", ...folders.map(({ name }) => name)])
    for (const cache of ["__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"]) {
      mkdirSync(join(copy, parent, cache, "deep"), { recursive: true });
      writeFileSync(join(copy, parent, cache, "deep/left"), "");
    }
  expect(contextDigest(copy, source.dockerfile, {})).toBe(before);
});
