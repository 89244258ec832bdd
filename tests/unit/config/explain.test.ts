import { describe, expect, it } from "vitest";
import { explain } from "../../../config/explain.ts";
import { fileSchema } from "../../../config/settings/file-schema.ts";
import { facts } from "./problems.ts";

const from = (raw: Record<string, unknown>, path: string) =>
  Object.fromEntries(explain(raw, facts, path).map((one) => [one.path, [one.value, one.from]]));

describe("an explained setting", () => {
  it("names what decided its value", () => {
    const raw = { vectorStore: "chroma", services: { api: { limits: { memory: "1GiB" } } } };
    expect(from(raw, "services.api")).toMatchObject({
      "services.api.limits.memory": ["1GiB", "you"],
      "services.api.replicas": [1, "environment dev"],
      "services.api.limits.cpus": [1, "system full"],
      "services.api.environment.RAG_VECTOR_STORE": ["chroma", "your other settings"],
    });
    expect(from({}, "monitoring.retention")).toEqual({ "monitoring.retention": ["15d", "default"] });
  });

  it("shows what is recognised in a folder without a Dockerfile", () => {
    const app = { source: "tests/support/fixtures/applications/flask-pip", port: 8000 };
    expect(from({ app }, "services.api.build")).toEqual({
      "services.api.build": [
        expect.stringMatching(/^Flask application `app` in app\.py/),
        "your other settings",
      ],
    });
  });

  it("shows the models that are in effect", () => {
    expect(from({}, "embeddings.provider")).toEqual({ "embeddings.provider": ["local", "system full"] });
  });

  it("is shown even if other settings are wrong", () => {
    const raw = { images: "dockr", services: { api: { replicas: 2, port: "80" } } };
    expect(from(raw, "services.api.replicas")).toEqual({ "services.api.replicas": [2, "you"] });
  });

  it("is the only result for a complete name", () => {
    expect(Object.keys(from({}, "services.ui")).filter((path) => !path.startsWith("services.ui."))).toEqual(
      [],
    );
    expect(explain({}, facts, "services.u")).toEqual([]);
  });
});

it("the schema of a stack's file has each setting with and without `ragdock:`, and no other", () => {
  const { properties } = fileSchema() as { properties: { config: Record<string, Record<string, object>> } };
  const { config } = properties;
  expect(config.properties?.["ragdock:services"]).toEqual(config.properties?.services);
  expect(config.properties?.["ragdock:llmApiKey"]).toMatchObject({ required: ["secure"] });
  expect(config.additionalProperties).toBe(false);
});
