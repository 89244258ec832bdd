/** Tests what the program reads of the configuration, without a deployment. */
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { readerEnvironment } from "../../../cli/reader.ts";
import { readConfig, requireUsableSecrets } from "../../../components/program.ts";
import { shown } from "../../../components/reader.ts";
import { secretCommand, setCommand, toRun } from "../../../config/spec/message.ts";
import { open, systemWith } from "../../support/program.ts";

const mocks: pulumi.runtime.Mocks = {
  newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
  call: () => ({}),
};

beforeEach(() => pulumi.runtime.setMocks(mocks, "ragdock", "test"));
afterEach(async () => {
  vi.unstubAllEnvs();
  pulumi.runtime.setAllConfig({});
  await pulumi.runtime.disconnect();
});

it("leaves no registry to the Docker provider unless docker:registryAuth names one", () => {
  expect(readConfig().registryAuth).toEqual([]);
});

it.each([
  ["registry.example.org", "registry.example.org"],
  ["https://registry.example.org/v2/", "registry.example.org"],
  ["localhost:5000", "localhost:5000"],
  ["registry-1.docker.io", "docker.io"],
  ["https://index.docker.io/v1/", "docker.io"],
])("leaves the registry of %s in docker:registryAuth to the provider", (address, registry) => {
  const logins = [{ address, username: "deploy", password: "secret" }];
  pulumi.runtime.setAllConfig({ "docker:registryAuth": JSON.stringify(logins) });
  expect(readConfig().registryAuth).toEqual([registry]);
});

it("reads the secrets that applications ask for, and notices when a value changes", () => {
  const read = (value: string) => {
    pulumi.runtime.setAllConfig({ "ragdock:API_TOKEN": value }, ["ragdock:API_TOKEN"]);
    process.env.PULUMI_CONFIG_SECRET_KEYS = JSON.stringify(["ragdock:API_TOKEN"]);
    try {
      return readConfig();
    } finally {
      delete process.env.PULUMI_CONFIG_SECRET_KEYS;
    }
  };
  const first = read("sk-canary");
  expect(Object.keys(first.secrets)).toEqual(["API_TOKEN"]);
  expect(first.encrypted).toContain("API_TOKEN");
  expect(JSON.stringify([first.texts, first.secretVersions])).not.toContain("canary");
  expect(read("sk-canary").secretVersions).toEqual(first.secretVersions);
  expect(read("sk-canary2").secretVersions).not.toEqual(first.secretVersions);
});

it("names the commands of the Pulumi CLI, unless Ragdock's own CLI says who reads its messages", () => {
  const message = `${toRun}${setCommand("environment", "prod")}; ${toRun}${secretCommand("llmApiKey")}`;
  expect(shown(message)).toBe(
    "Run: pulumi config set --stack test ragdock:environment prod; Run: pulumi config set --stack test --secret ragdock:llmApiKey",
  );
  for (const [key, value] of Object.entries(readerEnvironment("papers", "embedded"))) vi.stubEnv(key, value);
  expect(shown(message)).toBe(
    "Set ragdock:environment to prod in Pulumi.papers.yaml; Run: make secret KEY=llmApiKey STACK=papers",
  );
});

it("refuses a certificate that cannot be used, also if only Pulumi knows it", () => {
  const system = systemWith(
    { environment: "prod", ingress: { ...open, tls: "files", domain: "rag.example.org" } },
    { secrets: new Set(["tlsCertificate", "tlsKey"]) },
  );
  const keys = ["ragdock:tlsCertificate", "ragdock:tlsKey"];
  pulumi.runtime.setAllConfig(Object.fromEntries(keys.map((key) => [key, "junk"])), keys);
  expect(() => requireUsableSecrets(system)).toThrow(/^2 settings are wrong, and nothing was changed/);
});
