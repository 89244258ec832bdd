import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { parse } from "yaml";
import { importCompose } from "../../../../cli/commands/import.ts";
import { folderWith } from "./project.ts";

it("writes a file next to the Compose file, and replaces none without --force", async () => {
  const folder = folderWith({ "compose.yaml": "services: {web: {image: 'a/b:1', ports: ['80:80']}}" });
  const target = join(folder, "ragdock", "Pulumi.papers.yaml");
  const run = (more: { dryRun?: boolean; force?: boolean } = {}): Promise<number> =>
    importCompose.run({
      file: folder,
      stack: "papers",
      report: undefined,
      data: false,
      dryRun: false,
      force: false,
      ...more,
    });
  const print = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    await run({ dryRun: true });
    expect(existsSync(target)).toBe(false);
    await run();
    expect(parse(readFileSync(target, "utf8")).config["ragdock:apps"]).toHaveProperty("web");
    expect(print.mock.calls.join("")).toMatch(/\$ make up STACK=papers CONFIG_FILE=\S+Pulumi.papers.yaml/);
    writeFileSync(target, "mine");
    await expect(run()).rejects.toThrow(`${target} exists.`);
    expect(readFileSync(target, "utf8")).toBe("mine");
    await run({ force: true });
    expect(readFileSync(target, "utf8")).toContain("ragdock:apps");
  } finally {
    print.mockRestore();
  }
});
