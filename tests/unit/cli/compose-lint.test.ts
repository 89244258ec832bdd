/** Lints the Compose files that `make compose` writes. Does not prove that Compose starts them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DCLinter } from "dclint";
import { afterAll, expect, it } from "vitest";
import { composeConfigs, composeFile, writeCompose } from "../../../cli/compose.ts";
import { type ImageSource, imageName } from "../../../config/spec/image.ts";
import { systemWith } from "../../support/program.ts";

const folder = mkdtempSync(join(tmpdir(), "ragdock-lint-"));
afterAll(() => rmSync(folder, { recursive: true }));

// No one edits the file by hand. Its services are in the order in which they start.
const order = [
  "service-keys-order",
  "services-alphabetical-order",
  "service-dependencies-alphabetical-order",
];
const linter = new DCLinter({
  rules: Object.fromEntries(order.map((rule) => [rule, 0])),
  quiet: false,
  debug: false,
  exclude: [],
  stopOnFirstError: false,
  disableLinting: false,
} as unknown as ConstructorParameters<typeof DCLinter>[0]);

/** The parts of a result that this test uses. The types of the package do not resolve. */
interface Result {
  readonly messages: readonly { readonly rule: string; readonly message: string }[];
}
const findings = (file: string): string[] =>
  (linter.lintFiles([file], false) as Result[]).flatMap(({ messages }) =>
    messages.map(({ rule, message }) => `${rule}: ${message}`),
  );

const keys = new Set(["mistralApiKey", "openaiApiKey"]);
const systems = ["full", "myrag", "m31", "rag-events", "financerag", "mnemolite"];
const cases = systems.flatMap((system) =>
  ["dev", "prod"].map((environment) => [system, environment] as const),
);

it.each(cases)("the Compose file of %s in %s has no finding", (system, environment) => {
  const spec = systemWith({ system, environment, images: "packages" }, { secrets: keys });
  const file = composeFile(spec, {
    project: "ragdock-test",
    image: (source: ImageSource) => ({ name: `img/${imageName(source)}:1`, local: source.from === "build" }),
    hostPath: (path: string) => `/project/${path}`,
  });
  const secrets = Object.fromEntries(Object.keys(spec.secrets).map((name) => [name, `value-of-${name}`]));
  const target = join(folder, `${system}-${environment}`);
  writeCompose(target, file, composeConfigs(spec, secrets));
  expect(findings(join(target, "compose.yaml"))).toEqual([]);
});

it("the linter reports a file that has a fault", () => {
  const target = join(folder, "wrong");
  const service = { image: "nginx", ports: ["8080:80"] };
  writeCompose(target, { name: "x", services: { web: service } } as never, {});
  expect(findings(join(target, "compose.yaml")).length).toBeGreaterThan(0);
});
