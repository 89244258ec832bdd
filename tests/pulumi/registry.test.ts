/**
 * Tests a plain `pulumi up` from a registry that demands a login, if `pulumi` and
 * `pulumi-language-nodejs` are on PATH. The registry serves the stand-ins, and this project's
 * bridge stands in for Pulumi's plugins, as in pulumi.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { secretTexts, TestRegistry } from "../support/registry.ts";
import { docker } from "../support/stack.ts";
import { CliStack, missingCommands } from "./cli.ts";

const NAME = "pulumiregistry";
const registry = new TestRegistry(18_830);

describe.skipIf(missingCommands().length > 0)("pulumi up from a registry with a login", () => {
  let stack: CliStack;
  beforeAll(async () => {
    await registry.start();
    const settings = registry.settingsOf("m31");
    await registry.serveSystem(settings);
    stack = new CliStack(NAME);
    stack.configure(settings);
    const made = await stack.pulumi("stack", "init", NAME);
    expect(made.code, made.output).toBe(0);
  });
  afterAll(async () => {
    await stack.pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected");
    for (const volume of (
      await docker("volume", "ls", "-q", "--filter", `label=ragdock.stack=${NAME}`)
    ).split("\n"))
      if (volume) await docker("volume", "rm", volume);
    stack.remove();
    await registry.stop();
  });

  test("fails without the login before it changes anything, with the command that logs in", async () => {
    stack.variables = { DOCKER_CONFIG: registry.anonymous };
    const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(output).toContain("Images could not be pulled. Nothing was changed:");
    expect(output).toContain(`docker login ${registry.host}`);
    expect(await docker("ps", "-aq", "--filter", `label=ragdock.stack=${NAME}`)).toBe("");
  });

  test("uses the login of `docker login`, which does not get into the state", async () => {
    stack.variables = { DOCKER_CONFIG: registry.loggedIn };
    const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    const again = await stack.pulumi("preview", "--expect-no-changes");
    expect(again.code, again.output).toBe(0);
    const state = await stack.pulumi("stack", "export", "--show-secrets", "--stack", NAME);
    expect(state.code, state.output).toBe(0);
    for (const text of secretTexts) expect(output + state.stdout).not.toContain(text);
  });
});
