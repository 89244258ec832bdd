/**
 * Deploys financerag on a Swarm of three engines with the real Pulumi CLI. tests/slow/swarm.test.ts
 * tests what runs then, and tools/swarm/nodes.ts says what these engines do not prove.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SwarmLab } from "../../tools/swarm/lab.ts";
import { missingForSwarm } from "../../tools/swarm/nodes.ts";
import { CliStack, missingCommands } from "../pulumi/cli.ts";
import { open } from "../support/program.ts";
import { eventually } from "../support/stack.ts";

const missing = [...missingCommands(), missingForSwarm()].filter((one) => one !== undefined);
if (missing.length > 0) console.log(`skipped: ${missing.join(" and ")} is missing`);
const name = "pulumi-swarm";
const port = 28_198;
const lab = new SwarmLab(28_197);
const { swarm } = lab;
const settings = {
  ...{ system: "financerag", environment: "prod", ingress: open },
  ...{ embeddings: { provider: "local" }, llm: { provider: "none" } },
  services: { financerag: { port } },
};
const stack = new CliStack(name);

describe.skipIf(missing.length > 0)("financerag on a Swarm with `pulumi up`", () => {
  beforeAll(async () => {
    await lab.start();
    stack.variables = { DOCKER_HOST: swarm.manager.host };
    expect((await stack.pulumi("stack", "init", name)).code).toBe(0);
    stack.configure(await lab.served(name, settings));
  }, 900_000);

  afterAll(async () => {
    await stack.pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected");
    stack.remove();
    await lab.stop();
  }, 300_000);

  it("answers on each node", async () => {
    const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    for (const { address } of swarm.nodes)
      await eventually(async () => (await fetch(`http://${address}:${port}/health`)).ok || undefined);
  });

  it("changes nothing in a second run, also after a refresh", async () => {
    const again = await stack.pulumi("preview", "--expect-no-changes");
    expect(again.code, again.output).toBe(0);
    const refreshed = await stack.pulumi("preview", "--expect-no-changes", "--refresh");
    expect(refreshed.code, refreshed.output).toBe(0);
  });

  it("removes its services", async () => {
    const { code, output } = await stack.pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected");
    expect(code, output).toBe(0);
    expect((await swarm.manager.docker("service", "ls", "-q")).trim()).toBe("");
  });
});
