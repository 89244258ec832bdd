import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { importCompose } from "../../../../cli/commands/import.ts";
import { classify } from "../../../../cli/import/classify.ts";
import type { ComposeProject } from "../../../../cli/import/read.ts";
import { asMarkdown, asText } from "../../../../cli/import/report.ts";
import { folderWith, projectOf } from "./project.ts";

const files = {
  "compose.yaml": `name: papers
services:
  web:
    image: example/papers:1.2
    ports: ["80:8000"]
    mem_limit: 1g
    surprise: 1
  db:
    image: postgres:17
    environment: {POSTGRES_PASSWORD: "\${PASSWORD}"}
`,
};

const report = (render: typeof asText, project: ComposeProject): string => render(project, classify(project));

it("lists services by name, and improvements first", () => {
  expect(report(asText, projectOf(files))).toBe(`Report on compose.yaml
  2 services, 7 keys: 2 taken, 4 improved, 1 not supported.
  1 proposal for parts that the files lack.

Warnings
  The variable PASSWORD has no value. Compose uses an empty value. Set it in .env.

db: a store, postgres, that Ragdock has a service for
  Improved
    image (compose.yaml:9): Ragdock runs PostgreSQL 17 or 18 with pgvector in place of postgres:17, with credentials, alerts and backups. If the versions differ, move the data with a dump.
    environment.POSTGRES_PASSWORD (compose.yaml:10): Ragdock generates this password, and \`make rotate\` can replace it.

web: an application
  Improved
    ports[0] (compose.yaml:5): Compose opens 80 to every host. The stack is for dev, so only this host reaches it. In prod, other hosts use the ingress.
    healthcheck (proposed): The service has no health check. Proposed: a check that a program listens on port 8000. A check of a path that answers 2xx is better.
  Not supported
    surprise (compose.yaml:7): Ragdock has no setting for it.
  Taken
    image (compose.yaml:4): The image example/papers:1.2.
    mem_limit (compose.yaml:6): The memory limit.

Whole project
  Improved
    name (compose.yaml:1): The name of the stack is part of the names of its containers, networks and volumes.`);
});

it("has the same lines in Markdown", () => {
  const lines = report(asMarkdown, projectOf(files)).split("\n");
  expect(lines.filter((line) => line.startsWith("#"))).toEqual([
    "# Report on compose.yaml",
    "## Warnings",
    "## db: a store, postgres, that Ragdock has a service for",
    "## web: an application",
    "## Whole project",
  ]);
  expect(lines).toContain("- `surprise` (compose.yaml:7): Ragdock has no setting for it.");
});

it("shows names of the user's files as text, not as Markdown", () => {
  const name = "a`b\n# heading";
  const data = { services: { [name]: { image: "x/y:<script>", "`k`": 1 } } };
  const text = report(asMarkdown, projectOf({ "compose.yaml": JSON.stringify(data) }));
  expect(text).toContain("## a\\`b \\# heading: an application");
  expect(text).toContain("The image x/y:\\<script\\>.");
  expect(text).toContain("- `` `k` `` (compose.yaml:1)");
});

it("contains no secret", () => {
  const secret = "hunter2";
  const text = `services:
  api: {image: "a/b:1", environment: {API_KEY: ${secret}, URL: "postgres://u:${secret}@db/x"}}
  db: {image: postgres, environment: {POSTGRES_PASSWORD: ${secret}}}
  queue: {image: redis, command: redis-server --requirepass ${secret} --masterauth ${secret}}
`;
  const project = projectOf({ "compose.yaml": text });
  expect(report(asText, project)).toContain("These flags are not used: --masterauth.");
  expect(report(asText, project)).not.toContain(secret);
  expect(report(asMarkdown, project)).not.toContain(secret);
});

it.each([
  ["compose.yaml", `services: {a: {image: 'hunter2\${'}}`],
  ["compose.yaml", "services: {a: {image: a}}\nhunter2"],
  ["app.env", "A='hunter2"],
  ["app.env", `A=hunter2\${`],
])("quotes no secret if %s is wrong: %s", (name, text) => {
  const compose = "services: {a: {image: a, env_file: app.env}}";
  expect(() => projectOf({ "compose.yaml": compose, [name]: text })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
  );
});

it("is printed by the command, or written to a file", async () => {
  const folder = folderWith(files);
  const options = { stack: "papers", data: false, dryRun: true, force: false };
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    expect(await importCompose.run({ ...options, file: folder, report: undefined })).toBe(0);
    expect(write.mock.calls.join("")).toContain("Report on compose.yaml");
    const file = join(folder, "report.md");
    expect(await importCompose.run({ ...options, file: folder, report: file })).toBe(0);
    expect(readFileSync(file, "utf8")).toContain("# Report on compose.yaml\n");
  } finally {
    write.mockRestore();
  }
});
