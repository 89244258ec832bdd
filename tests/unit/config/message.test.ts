/** Tests which commands messages name: those of the Pulumi CLI, or what fits the embedded engine. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import {
  alsoRun,
  and,
  pulumiOnly,
  removeCommand,
  secretCommand,
  setCommand,
  settingsFile,
  shownTo,
  toRun,
} from "../../../config/spec/message.ts";
import { projectDir } from "../../../host/paths.ts";

const file = "Pulumi.papers.yaml";
const shown = (text: string): string => shownTo(text, { stack: "papers", deployer: "embedded", file });

describe("for a stack of the embedded engine", () => {
  it.each([
    [`${toRun}${setCommand("environment", "prod")}`, `Set ragdock:environment to prod in ${file}`],
    [
      `${toRun}${setCommand("ingress.domain", "rag.example.org")}; or, for a closed network: ${setCommand("ingress.tls", "internal")}.`,
      `Set ragdock:ingress.domain to rag.example.org in ${file}; or, for a closed network: set ragdock:ingress.tls to internal in ${file}.`,
    ],
    [
      `Each time: ${setCommand("apps.web.ephemeral", "true")}${and}${setCommand("lostFiles.web", "'2026-11-26T10:00:00Z'")}`,
      `Each time: set ragdock:apps.web.ephemeral to true in ${file} and set ragdock:lostFiles.web to 2026-11-26T10:00:00Z in ${file}`,
    ],
    [
      `Use another name, or ${alsoRun}${removeCommand('ingress.names["api.example.org"]')}`,
      `Use another name, or remove ragdock:ingress.names["api.example.org"] from ${file}`,
    ],
    [
      `${toRun}${secretCommand("tlsCertificate")} < fullchain.pem`,
      "Run: make secret KEY=tlsCertificate STACK=papers < fullchain.pem",
    ],
    [
      `${toRun}${secretCommand("llmApiKey")}. To do without: ${setCommand("llm.provider", "none")}`,
      `Run: make secret KEY=llmApiKey STACK=papers. To do without: set ragdock:llm.provider to none in ${file}`,
    ],
    [
      `make up STACK=papers${pulumiOnly(`\nWith the Pulumi CLI: ${setCommand("a.b", "1")} && pulumi up`)}\nEach time: x`,
      "make up STACK=papers\nEach time: x",
    ],
    [`Keep one. ${toRun}${removeCommand("docker:context")}`, `Keep one. Remove docker:context from ${file}`],
    [`${toRun}make up; it reads ${settingsFile}`, `Run: make up; it reads ${file}`],
  ])("%s", (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it("names nothing of Pulumi in a refusal of a command", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ragdock-typed-"));
    try {
      const settings = join(folder, "Pulumi.papers.yaml");
      writeFileSync(settings, "config: { ragdock:llm: { provider: openai } }\n");
      const args = ["cli/main.ts", "--config-file", settings, "compose", "--stack", "papers"];
      const env = { DEPLOYER: "embedded", XDG_STATE_HOME: folder };
      const { stderr } = await execa(process.execPath, args, { cwd: projectDir, env, reject: false });
      expect(stderr).toContain("Run: make secret KEY=llmApiKey STACK=papers");
      expect(stderr).not.toContain("pulumi config");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("for a stack that Pulumi deploys", () => {
  const pulumi = { deployer: "pulumi", stack: "papers" } as const;

  it.each([
    [
      `${toRun}${secretCommand("llmApiKey")}`,
      "Run: pulumi config set --stack papers --secret ragdock:llmApiKey",
    ],
    [
      `${toRun}${setCommand("environment", "prod")}${and}${removeCommand("a.b")}`,
      "Run: pulumi config set --stack papers ragdock:environment prod && pulumi config rm --stack papers --path 'ragdock:a.b'",
    ],
    [
      `make up${pulumiOnly(`\nOr: ${setCommand("a", "1")}`)}.`,
      "make up\nOr: pulumi config set --stack papers ragdock:a 1.",
    ],
    [`It is in ${settingsFile}`, "It is in Pulumi.papers.yaml"],
  ])("%j", (text, expected) => {
    expect(shownTo(text, pulumi)).toBe(expected);
  });

  it("names another file", () => {
    expect(shownTo(settingsFile, { ...pulumi, file: "../mine.yaml" })).toBe("../mine.yaml");
  });
});

describe("for another program, which contains the settings", () => {
  it.each([
    [
      `${toRun}${removeCommand("services.grafana")}`,
      "Remove services.grafana from the settings of RagService",
    ],
    [`${toRun}${setCommand("redis.tls", "'off'")}`, "Set redis.tls to off in the settings of RagService"],
    [`${toRun}${secretCommand("llmApiKey")}`, "Pass llmApiKey in the secrets of RagService"],
    [`${pulumiOnly("Only the CLI. ")}${settingsFile}`, "the settings of RagService"],
  ])("%s", (text, expected) => {
    expect(shownTo(text, { deployer: "program" })).toBe(expected);
  });
});
