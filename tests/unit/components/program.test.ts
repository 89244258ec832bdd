/** Tests what the program reads of the configuration, without a deployment. */
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readConfig } from "../../../components/program.ts";

const mocks: pulumi.runtime.Mocks = {
  newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
  call: () => ({}),
};

beforeEach(() => pulumi.runtime.setMocks(mocks, "ragdock", "test"));
afterEach(async () => {
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
