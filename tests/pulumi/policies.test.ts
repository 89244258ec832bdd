/** Tests the policy pack under the real Pulumi CLI. The previews start no container. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { containerRules } from "../../policies/rules.ts";
import { CliStack, missingCommands, projectDir, type Ran } from "./cli.ts";

const pack = ["--policy-pack", join(projectDir, "policies")];

describe.skipIf(missingCommands().length > 0)("the policy pack", () => {
  const stacks: CliStack[] = [];
  const previewed = async (settings: Record<string, unknown>, program?: string): Promise<Ran> => {
    const stack = new CliStack("policies", program);
    stacks.push(stack);
    stack.configure(settings);
    const made = await stack.pulumi("stack", "init", "policies");
    expect(made.code, made.output).toBe(0);
    return stack.pulumi("preview", ...pack);
  };
  let ofSystem: Ran;
  beforeAll(async () => {
    ofSystem = await previewed({ system: "m31", images: "registry" });
  });
  afterAll(() => {
    for (const stack of stacks) stack.remove();
  });

  test("loads, and accepts a system with default settings", () => {
    expect(ofSystem.code, ofSystem.output).toBe(0);
    expect(ofSystem.output).toMatch(/Loading policy packs.*done/);
  });

  test("prints broken advisory rules", () => {
    expect(ofSystem.output).toMatch(/\[advisory\] +no-root .*-cadvisor/);
    expect(ofSystem.output).toMatch(/\[advisory\] +pinned-images .*-image-redis/);
    expect(ofSystem.output).not.toContain("[mandatory]");
  });

  test("fails a program that breaks mandatory rules, and names each", async () => {
    const { code, output } = await previewed({}, join(projectDir, "tests/pulumi/open-store"));
    expect(code, output).not.toBe(0);
    for (const { name } of containerRules.filter(({ level }) => level === "mandatory"))
      expect(output).toMatch(new RegExp(`\\[mandatory\\] +${name} `));
  });
});
