/**
 * Tests deployments of some services, and the outputs, under `make` with both deployers. They need
 * the Pulumi CLI. This project's bridge stands in for Pulumi's plugins, as in pulumi.test.ts.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installPlugins } from "../../engine/index.ts";
import { projectDir, TestStack } from "../support/stack.ts";
import { missingCommands } from "./cli.ts";

const off = { enabled: false };

const deployers = [
  { deployer: "pulumi", port: 18_740 },
  { deployer: "embedded", port: 18_742 },
];

describe.skipIf(missingCommands().length > 0).each(deployers)(
  "make under $deployer",
  ({ deployer, port }) => {
    const web = (limits: Record<string, unknown>) => ({ port, limits });
    const settingsOf = (own: Record<string, unknown>) => ({
      system: "m31",
      images: "packages",
      services: {
        web: web(own),
        prometheus: off,
        alertmanager: off,
        "blackbox-exporter": off,
        "redis-exporter": off,
      },
    });
    const home = mkdtempSync(join(tmpdir(), "ragdock-home-"));
    const stack = new TestStack(`e2e-parts-${deployer}`, settingsOf({}));

    beforeAll(() => {
      installPlugins(home);
      stack.variables = { DEPLOYER: deployer, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" };
    });
    afterAll(async () => {
      await stack.remove();
      rmSync(home, { recursive: true });
      // Pulumi writes its salt into the stack's own file, even if another file has the settings.
      rmSync(join(projectDir, `Pulumi.${stack.name}.yaml`), { force: true });
    });

    const up = async (...words: string[]): Promise<string> => {
      const { code, output } = await stack.make("up", ...words);
      expect(code, output).toBe(0);
      return output;
    };
    const outputs = async (...words: string[]) => JSON.parse((await stack.make("outputs", ...words)).output);
    const deployments = async () => (await stack.make("deployments")).output.match(/^\d+ .*/gm) ?? [];
    const memory = async () => {
      const status = JSON.parse((await stack.make("status", "--json")).output);
      return status.services.find(({ service }: { service: string }) => service === "web").usage.memory;
    };

    test("up SERVICE of a new stack records what it has created, and no deployment", async () => {
      await up("--service", "redis");
      expect(await stack.containers()).toHaveLength(1);
      const { containers, volumes } = await outputs();
      expect(Object.keys(containers)).toEqual(["redis"]);
      expect(Object.keys(volumes)).toEqual([`ragdock-${stack.name}-redis-data`]);
      expect(await deployments()).toEqual([]);
    });

    test("up deploys the rest, and shows secrets on request only", async () => {
      const redis = await stack.container("redis");
      await up();
      expect(await stack.container("redis")).toBe(redis);
      expect(await deployments()).toHaveLength(1);
      const masked = (await outputs()).credentials;
      expect(new Set(Object.values(masked))).toEqual(new Set(["[secret]"]));
      const shown = (await outputs("--show-secrets")).credentials;
      expect(Object.keys(shown)).toEqual(Object.keys(masked));
      expect(shown["redis-password"]).toMatch(/^\w{32}$/);
    });

    test("up SERVICE applies its settings, and rollback returns to the last whole deployment", async () => {
      const before = (await outputs("--show-secrets")).credentials;
      stack.configure(settingsOf({ memory: "640MiB" }));
      await up("--service", "web");
      expect(await memory()).toContain("/ 640MiB");
      const { containers } = await outputs();
      expect(containers.web).toHaveLength(1);
      expect(Object.keys(containers).sort()).toEqual(["gateway", "ingress", "redis", "web"]);
      expect((await outputs("--show-secrets")).credentials).toEqual(before);
      expect(await deployments()).toHaveLength(1);
      const health = (await stack.make("health")).output;
      expect(health).toContain("has changed since then: services");
      const { code, output } = await stack.make("rollback");
      expect(code, output).toBe(0);
      expect(await memory()).toContain("/ 1GiB");
      expect(await deployments()).toHaveLength(1);
    });

    test("build makes images, and records no deployment", async () => {
      stack.configure(settingsOf({ memory: "512MiB" }));
      const { code, output } = await stack.make("build");
      expect(code, output).toBe(0);
      expect(await deployments()).toHaveLength(1);
    });
  },
);
