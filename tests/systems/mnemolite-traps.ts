import { describe, expect, it } from "vitest";
import { images } from "../../config/images.ts";
import { eventually } from "../../tools/eventually.ts";
import { inside, observe } from "../support/observe.ts";
import { docker, type TestStack } from "../support/stack.ts";
import { clientOf } from "./mnemolite-client.ts";
import { fact, fileOf } from "./small-rag.ts";

/**
 * The traps of mnemolite, on a running stack in dev that has the handbook.
 * @param port of its API
 */
export function describeTraps(stack: TestStack, port: number): void {
  const { json, asAdmin, found } = clientOf(stack, port);

  describe("the traps of mnemolite", () => {
    it("all data, including Chroma's, is on volumes and survives a recreated container", async () => {
      for (const service of ["chromadb", "db"]) await docker("rm", "-f", await stack.container(service));
      const { code, output } = await stack.make("up", "--refresh");
      expect(code, output).toBe(0);
      expect(await found()).toContain(fact);
    });

    it("every image has an exact version, or is built from images with a digest", () => {
      // MinIO's versions are times.
      for (const { reference } of images)
        expect(reference).toMatch(/:(v?\d+\.\d+|RELEASE\.\d{4}-\d\d-\d\dT)/);
      for (const file of ["systems/mnemolite/Dockerfile", "systems/mnemolite/db/Dockerfile"]) {
        for (const [, from] of fileOf(file).matchAll(/^FROM (\S+)/gm))
          expect(from).toMatch(/^\$\{\w+_IMAGE\}$/);
      }
    });

    it("Chroma's health check requests its v2 heartbeat, without curl", async () => {
      const healthcheck = await docker(
        "inspect",
        "--format",
        "{{json .Config.Healthcheck.Test}}",
        await stack.container("chromadb"),
      );
      expect(healthcheck).toContain("/api/v2/heartbeat");
      expect(healthcheck).not.toContain("curl");
    });

    it("the worker's health check fails if the worker does not respond", async () => {
      const healthcheck = () => inside(stack, "worker", "python3", "ingestion.py", "--probe");
      // Docker's own signals reach its init only.
      const script = 'read -r first _ < /proc/1/task/1/children; kill -s "$0" "$first"';
      const signal = (name: string) => inside(stack, "worker", "sh", "-c", script, name);
      expect((await healthcheck()).code).toBe(0);
      await signal("STOP");
      try {
        const dead = await eventually(async () => {
          const result = await healthcheck();
          return result.code !== 0 ? result : undefined;
        }, 60);
        expect(dead.code).toBe(1);
      } finally {
        await signal("CONT");
      }
      await eventually(async () => ((await healthcheck()).code === 0 ? true : undefined));
    });

    it("a store on the internal network is reachable on loopback through a separate network", async () => {
      expect((await fetch("http://127.0.0.1:18502/api/v2/heartbeat")).status).toBe(200);
      expect((await observe(stack)).api?.networks).not.toContain("outside");
    });

    it("a password that differs from the volume's is set again", async () => {
      // Connects to the name on the network, because the server requires no password on loopback.
      const login =
        'PGPASSWORD="$(cat /run/secrets/admin-password)" psql -h database -U postgres -d mnemolite -c "SELECT 1"';
      const administrator = () => inside(stack, "db", "sh", "-c", login);
      expect((await administrator()).code).toBe(0);
      // The same state as after a change by hand, or after a lost state.
      await asAdmin("ALTER ROLE postgres PASSWORD 'another'");
      expect((await administrator()).code).not.toBe(0);
      // A killed server leaves a lock file behind.
      await docker("kill", await stack.container("db"));
      await docker("start", await stack.container("db"));
      await eventually(async () => ((await administrator()).code === 0 ? true : undefined), 60);
      await eventually(async () => {
        const { dependencies } = await json<{ dependencies: { name: string; ok: boolean }[] }>("/health");
        return dependencies.every((d) => d.ok) ? true : undefined;
      }, 60);
      expect(await found()).toContain(fact);
    });

    it("up creates the clients' roles again if the volume does not have them", async () => {
      // The same state as in an older copy of the volume.
      await asAdmin("ALTER ROLE rag_1 NOLOGIN PASSWORD NULL");
      await docker("restart", await stack.container("db"));
      const { code, output } = await stack.make("up");
      expect(code, output).toBe(0);
      expect(output).toMatch(/container db-credentials: replaced/);
      await eventually(async () => ((await found()).includes(fact) ? true : undefined), 60);
    });
  });
}
