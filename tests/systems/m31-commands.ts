import { describe, expect, it } from "vitest";
import { docker, type TestStack } from "../support/stack.ts";

/** The tests of everyday commands on a running m31 in dev. */
export function describeCommands(stack: TestStack, port: number): void {
  describe("everyday commands", () => {
    it("build builds the images and changes no container", async () => {
      const before = await stack.containers();
      const { code, output } = await stack.make("build");
      expect(code, output).toBe(0);
      expect(output).toContain("All images of m31 exist");
      expect(await stack.containers()).toEqual(before);
    });

    it("restart restarts one service and waits for its health", async () => {
      const started = async (): Promise<string> =>
        docker("inspect", "--format", "{{.State.StartedAt}}", await stack.container("web"));
      const before = await started();
      const { code, output } = await stack.make("restart", "--service", "web");
      expect(code, output).toBe(0);
      expect(output).toContain("web restarted, healthy after");
      expect(await started()).not.toBe(before);
      expect((await stack.make("restart", "--service", "nosuch")).code).toBe(1);
    });

    it("psql is refused with a message if there is no database", async () => {
      const { code, output } = await stack.make("psql");
      expect(code).toBe(1);
      expect(output).toContain("m31 has no service with the role postgres");
    });

    it("status, health and outputs describe the stack", async () => {
      expect((await stack.make("status")).output).toMatch(/web +healthy/);
      const all = (await stack.containers()).length;
      expect((await stack.make("health")).output).toContain(`All ${all} containers are healthy.`);
      expect(JSON.parse((await stack.make("outputs")).output).urls.web).toBe(`http://localhost:${port}`);
    });

    it("runs commands in its containers, and passes their exit code through", async () => {
      const ran = await stack.make("exec", "web", "--", "sh", "-c", "echo $REDIS_HOST; exit 7");
      expect(ran).toEqual({ code: 7, output: "redis\n" });
      const { code, output } = await stack.make("shell-worker");
      expect([code, output]).toEqual([
        1,
        expect.stringContaining("Its services: web, gateway, ingress, redis"),
      ]);
    });
  });
}
