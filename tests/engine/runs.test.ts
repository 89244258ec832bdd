import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as engine from "../../engine/index.ts";
import { type Declared, docker, makeImage, ops, removeImage, type TestStack, withStack } from "./harness.ts";

let image = "";
beforeAll(() => {
  image = makeImage();
});
afterAll(() => removeImage(image));

describe.concurrent("runs", () => {
  test("a job's exit code is available while the program runs, and a failure stops its dependents", () =>
    withStack("job", { image, mode: "3", token: "s3cret-token" }, async (stack) => {
      const options = { ...stack.options, secretKeys: ["token"] };
      const failed = await engine.up(options);
      expect(failed.errors).toEqual([expect.stringContaining("the job ended with exit code 3")]);
      expect(failed.errors[0]).not.toContain("    at ");
      expect(ops(failed)).toEqual({ job: "create", "job-run": "create" });
      const passed = await engine.up({ ...options, config: { ...options.config, mode: "0" } });
      expect(passed.errors).toEqual([]);
      expect(ops(passed)).toEqual({ job: "same", "job-run": "replace", after: "create" });
      expect(passed.secretOutputs).toEqual(["token"]);
      expect((await stack.resource("job")).outputs).toEqual({ exitCode: 0 });
      expect((await stack.resource("job-run")).urn).toContain(
        "enginetest:index:Job$docker:index/container:Container",
      );
      expect(stack.stateFile()).not.toContain("s3cret-token");
    }));

  test("a run with targets changes only the targets, both before and after the other resources exist", () =>
    withStack("job", { image, mode: "0", token: "t" }, async (stack) => {
      const targets = ["random:index/randomPassword:RandomPassword"];
      const nothing = await engine.up({ ...stack.options, targets });
      expect(nothing.errors).toEqual([]);
      expect(ops(nothing)).not.toHaveProperty("job-run");
      expect((await engine.up(stack.options)).errors).toEqual([]);
      const changed = { ...stack.options.config, mode: "5" };
      const kept = await engine.up({ ...stack.options, config: changed, targets });
      expect(kept.errors).toEqual([]);
      expect(kept.changes.replace + kept.changes.update + kept.changes.delete).toBe(0);
      expect(await stack.resource("after")).toBeDefined();
    }));

  test("a program that throws fails the run, deletes nothing and leaves the outputs as they were", () =>
    withStack("job", { image, mode: "0", token: "t" }, async (stack) => {
      expect((await engine.up(stack.options)).errors).toEqual([]);
      const outputs = await engine.readOutputs(stack.options, { showSecrets: true });
      expect(outputs).toEqual({ afterId: expect.any(String), token: "t" });
      const broken = await engine.up({
        ...stack.options,
        config: { ...stack.options.config, mode: "throw" },
      });
      expect(broken.ok).toBe(false);
      expect(broken.errors[0]).toContain("this program is broken");
      expect(broken.changes.delete).toBe(0);
      const explained = await engine.up({
        ...stack.options,
        config: { ...stack.options.config, mode: "explain" },
      });
      expect(explained.errors).toEqual(["the setting mode must not be explain"]);
      expect(await engine.readState(stack.options)).toHaveLength(4);
      expect(await engine.readOutputs(stack.options, { showSecrets: true })).toEqual(outputs);
    }));

  test.for([
    ["image", /docker:index\/image:Image is not supported by the embedded engine: use docker.RemoteImage/],
    ["invoke", /docker:index\/getNetwork:getNetwork is not supported/],
    ["import", /the resource option import is not supported/],
    ["reference", /pulumi:pulumi:StackReference.* not supported/],
    ["get", /reading docker:index\/volume:Volume "found" is not supported/],
  ] as const)("refuses by name: %s", ([what, words]) =>
    withStack("refused", { what }, async (stack) => {
      const result = await engine.up(stack.options);
      expect(result.ok).toBe(false);
      expect(result.errors.join("\n")).toMatch(words);
    }),
  );

  test("refresh finds resources that were deleted or changed by hand", () =>
    withStack("declared", {}, async (stack) => {
      const all: Declared[] = [
        { kind: "Container", name: "gone", args: { image, command: ["sleep", "600"] } },
        {
          kind: "Container",
          name: "bent",
          args: { image, command: ["sleep", "600"], memory: 64, memorySwap: 64 },
        },
      ];
      await stack.up(all);
      await docker("rm", "--force", String((await stack.resource("gone")).outputs.name));
      await docker(
        "update",
        "--memory",
        "96m",
        "--memory-swap",
        "96m",
        String((await stack.resource("bent")).outputs.name),
      );
      expect(ops(await stack.up(all))).toEqual({ gone: "same", bent: "same" });
      const planned = await stack.preview(all, { refresh: true });
      expect(planned.changes).toMatchObject({ create: 1, update: 1 });
      const fixed = await stack.up(all, { refresh: true });
      expect(fixed.errors).toEqual([]);
      expect(fixed.changes).toMatchObject({ create: 1, update: 1 });
      expect(
        fixed.steps
          .find((s) => s.op === "update")
          ?.diff.map((d) => d.path)
          .sort(),
      ).toEqual(["memory", "memorySwap"]);
    }));

  test("the run after a kill during a replacement removes the incomplete container and creates it again", () =>
    withStack("declared", {}, async (stack) => {
      const slow = (verdict: string): Declared[] => [
        {
          kind: "Container",
          name: "slow",
          // The provider would not replace the container for a changed health check alone.
          opts: { replaceOnChanges: ["healthcheck"] },
          args: {
            image,
            // Ends soon after SIGTERM, with exit code 0.
            command: ["sh", "-c", "trap 'exit 0' TERM; sleep 600 & wait"],
            healthcheck: { tests: ["CMD", verdict], interval: "1s", retries: 30 },
            wait: true,
            waitTimeout: 60,
          },
        },
      ];
      await stack.up(slow("true"));
      const child = upInAnotherProcess(stack, slow("false"));
      const half = [
        "--filter",
        "name=^/slow-",
        "--filter",
        `ancestor=${image}`,
        "--filter",
        "health=starting",
      ];
      const exited = new Promise((resolve) => child.once("exit", resolve));
      let left = "";
      try {
        left = await eventually(() => docker("ps", "-q", ...half));
        await expect(stack.up(slow("true"))).rejects.toThrow(`being changed by process ${child.pid}`);
      } finally {
        child.kill("SIGKILL");
        await exited;
      }
      const since = Math.floor(Date.now() / 1000);
      const result = await stack.up(slow("true"));
      expect(result.errors).toEqual([]);
      expect(ops(result)).toEqual({ slow: "replace" });
      const until = Math.ceil(Date.now() / 1000);
      // The container may have served requests, so the engine stops it and does not kill it.
      const ended = ["--filter", `container=${left}`, "--filter", "event=die"];
      const died = ["--since", `${since}`, "--until", `${until}`, ...ended];
      expect(await docker("events", ...died, "--format", "{{.Actor.Attributes.exitCode}}")).toBe("0");
      expect(stack.notes()).toEqual([
        expect.stringContaining(`Took over the lock of process ${child.pid}`),
        expect.stringMatching(/killed while it created "slow"\. Removed the incomplete container slow-/),
      ]);
      expect(await docker("ps", "-aq", "--filter", `id=${left}`)).toBe("");
    }));

  test("an interrupted run ends running operations and starts no new one, and the next run continues", () =>
    withStack("declared", {}, async (stack) => {
      const all: Declared[] = [
        { kind: "Network", name: "first" },
        { kind: "RandomId", name: "second", args: { byteLength: 2, keepers: { net: "<first.name>" } } },
      ];
      const abort = new AbortController();
      const onEvent = (event: engine.EngineEvent) => {
        if (event.kind === "start" && event.name === "first") abort.abort();
      };
      const cut = await stack.up(all, { signal: abort.signal, onEvent });
      expect(cut.ok).toBe(false);
      expect(ops(cut)).toEqual({ first: "create" });
      expect(ops(await stack.up(all))).toEqual({ first: "same", second: "create" });
    }));
});

function upInAnotherProcess(stack: TestStack, resources: readonly Declared[]): ChildProcess {
  const { onEvent: _, ...options } = stack.with(resources);
  const script = join(stack.folder, "up.ts");
  const index = new URL("../../engine/index.ts", import.meta.url).href;
  writeFileSync(
    script,
    `import { up } from ${JSON.stringify(index)};\nawait up(${JSON.stringify(options)});\n`,
  );
  return spawn(process.execPath, [script], { stdio: "ignore" });
}

async function eventually(probe: () => Promise<string>): Promise<string> {
  for (let i = 0; i < 150; i++) {
    const found = await probe();
    if (found) return found;
    await sleep(200);
  }
  throw new Error("it did not happen within 30 s");
}
