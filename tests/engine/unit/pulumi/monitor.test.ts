// Runs the real SDK against the monitor, without any provider.
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { Monitor } from "../../../../engine/pulumi/monitor.ts";
import { Program } from "../../../../engine/pulumi/program.ts";

describe("the monitor", () => {
  test("an error that the SDK repeats after a failed registration is hidden, and all other errors are shown", {
    timeout: 60_000,
  }, async () => {
    const messages: string[] = [];
    const registered: string[] = [];
    const log = (severity: string, message: string) => void messages.push(`${severity}: ${message}`);
    const monitor = await Monitor.start({
      project: "p",
      stack: "s",
      dryRun: false,
      log,
      register: async ({ name, type }) => {
        registered.push(name);
        return { urn: `urn:pulumi:s::p::${type}::${name}`, id: "", outputs: {}, failed: name === "failed" };
      },
      readOutputs: async () => ({}),
      setOutputs: async () => undefined,
      stopped: () => false,
    });
    try {
      const projectDir = fileURLToPath(new URL("../../../..", import.meta.url));
      const program = "tests/engine/programs/failing.ts";
      const running = Program.start(
        { projectDir, program, project: "p", stack: "s", config: {} },
        monitor.address,
        false,
        16,
        log,
      );
      expect(await running.ended()).toContain("exit code");
    } finally {
      monitor.stop();
    }
    expect(registered).toEqual(["p-s", "failed"]);
    const errors = messages.filter((message) => message.startsWith("error: "));
    expect(errors).toEqual(["error: resource other [enginetest:index:Thing] failed to register"]);
  });
});
