/**
 * Deploys financerag, full and the example on a Swarm of three engines with the real Pulumi CLI.
 * tests/slow/swarm.test.ts and swarm-full.test.ts test what runs then, and tools/swarm/nodes.ts says
 * what these engines do not prove.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { SwarmLab } from "../../tools/swarm/lab.ts";
import { missingForSwarm } from "../../tools/swarm/nodes.ts";
import { CliStack, missingCommands } from "../pulumi/cli.ts";
import { withOwnRegistry } from "../support/own-registry.ts";
import { open } from "../support/program.ts";

const missing = [...missingCommands(), missingForSwarm()].filter((one) => one !== undefined);
if (missing.length > 0) console.log(`skipped: ${missing.join(" and ")} is missing`);
const port = 28_198;
const common = { environment: "prod", ingress: open };
const models = { embeddings: { provider: "local" }, llm: { provider: "none" } };
const folder = mkdtempSync(join(tmpdir(), "ragdock-pulumi-swarm-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Settings = Readonly<Record<string, unknown>>;

const systems: readonly {
  readonly system: string;
  readonly page: string;
  readonly settings: (lab: SwarmLab, name: string) => Promise<Settings>;
}[] = [
  {
    system: "financerag",
    page: "/health",
    settings: (lab, name) =>
      lab.served(name, { system: "financerag", ...common, ...models, services: { financerag: { port } } }),
  },
  {
    system: "full",
    page: "/",
    settings: (lab, name) => lab.served(name, { system: "full", ...common, services: { gateway: { port } } }),
  },
  {
    system: "example",
    page: "/health",
    // The stack builds its application, and runs a registry for it.
    settings: (lab, name) => withOwnRegistry(lab, name, folder, { web: port, registry: 28_199 }),
  },
];

describe.skipIf(missing.length > 0).each(systems)(
  "$system on a Swarm with `pulumi up`",
  ({ system, page, settings }) => {
    const name = `pulumi-swarm-${system}`;
    const lab = new SwarmLab(28_197);
    const { swarm } = lab;
    const stack = new CliStack(name);
    let deployed: Settings = {};

    beforeAll(async () => {
      await lab.start();
      stack.variables = { DOCKER_HOST: swarm.manager.host };
      expect((await stack.pulumi("stack", "init", name)).code).toBe(0);
      deployed = await settings(lab, name);
      stack.configure(deployed);
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
        await eventually(async () => (await fetch(`http://${address}:${port}${page}`)).ok || undefined);
    });

    it("changes nothing in a second run, also after a refresh", async () => {
      const again = await stack.pulumi("preview", "--expect-no-changes");
      expect(again.code, again.output).toBe(0);
      const refreshed = await stack.pulumi("preview", "--expect-no-changes", "--refresh");
      expect(refreshed.code, refreshed.output).toBe(0);
    });

    it("does not move to one engine while it runs on the Swarm", async () => {
      const { target: _, ...others } = deployed;
      stack.configure(others);
      const { code, output } = await stack.pulumi("preview");
      stack.configure(deployed);
      expect(code, output).not.toBe(0);
      expect(output).toContain(`stack "${name}" still runs on a Swarm`);
    });

    it("removes its services", async () => {
      const { code, output } = await stack.pulumi(
        "destroy",
        "--yes",
        "--skip-preview",
        "--exclude-protected",
      );
      expect(code, output).toBe(0);
      expect((await swarm.manager.docker("service", "ls", "-q")).trim()).toBe("");
    });
  },
);
