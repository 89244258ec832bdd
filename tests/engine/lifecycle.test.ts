import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as engine from "../../engine/index.ts";
import { type Declared, docker, makeImage, ops, removeImage, withStack } from "./harness.ts";

let image = "";
beforeAll(() => {
  image = makeImage();
});
afterAll(() => removeImage(image));

const box = (args: Record<string, unknown> = {}, opts?: Record<string, unknown>, name = "box"): Declared => ({
  kind: "Container",
  name,
  args: { image, command: ["sleep", "600"], ...args },
  ...(opts ? { opts } : {}),
});

describe.concurrent("the lifecycle of a resource", () => {
  test("preview, create, same, replace and delete match the program's registrations", () =>
    withStack("basic", { image }, async (stack) => {
      const planned = await engine.preview(stack.options);
      expect(planned.errors).toEqual([]);
      expect(ops(planned)).toEqual({ password: "create", net: "create", box: "create" });
      const paths = Object.fromEntries(
        planned.steps.map((step) => [step.name, step.diff.map((d) => d.path).sort()]),
      );
      expect(paths).toMatchObject({
        password: ["length", "special"],
        net: ["driver", "name"],
        box: ["command", "destroyGraceSeconds", "envs", "image", "name", "networksAdvanced"],
      });

      const made = await engine.up(stack.options);
      expect(made.errors).toEqual([]);
      expect(ops(made)).toEqual(ops(planned));
      expect(made.outputs.secretWord).toBe("[secret]");
      expect(made.secretOutputs).toEqual(["secretWord"]);
      const { secretWord } = (await engine.readOutputs(stack.options, { showSecrets: true })) as {
        secretWord: string;
      };
      expect(secretWord).toMatch(/^[A-Za-z0-9]{20}$/);
      expect(stack.stateFile()).not.toContain(secretWord);
      expect(JSON.stringify(stack.events)).not.toContain(secretWord);
      expect(await docker("inspect", String(made.outputs.name), "--format", "{{.Config.Env}}")).toContain(
        secretWord,
      );

      const again = await engine.up(stack.options);
      expect(ops(again)).toEqual({ password: "same", net: "same", box: "same" });
      expect(again.outputs).toEqual(made.outputs);

      const other = { ...stack.options, config: { image, greeting: "bye" } };
      const changed = await engine.preview(other);
      expect(changed.steps.find((step) => step.name === "box")?.diff).toEqual([
        { path: "envs[1]", kind: "update", old: "GREETING=hello", new: "GREETING=bye", replaces: true },
      ]);
      const replaced = await engine.up(other);
      expect(ops(replaced)).toEqual({ password: "same", net: "same", box: "replace" });
      expect(replaced.outputs.name).not.toBe(made.outputs.name);
      expect(await docker("ps", "-aq", "--filter", `name=${made.outputs.name}`)).toBe("");

      const gone = await engine.destroy(stack.options);
      expect(gone.changes.delete).toBe(4);
      expect(await docker("ps", "-aq", "--filter", `name=${replaced.outputs.name}`)).toBe("");
      expect(await engine.readState(stack.options)).toEqual([]);
    }));

  test("a change in place updates the resource, which keeps its generated name", () =>
    withStack("declared", {}, async (stack) => {
      await stack.up([box({ memory: 64, memorySwap: 64 })]);
      const before = await stack.resource("box");
      const result = await stack.up([box({ memory: 96, memorySwap: 96 })]);
      expect(ops(result)).toEqual({ box: "update" });
      expect((await stack.resource("box")).outputs.name).toBe(before.outputs.name);
      const format = "{{.HostConfig.Memory}}";
      expect(await docker("inspect", String(before.outputs.name), "--format", format)).toBe(String(96 << 20));
    }));

  test("a container keeps its dropped capabilities, its read-only root and its folders in memory", () =>
    withStack("declared", {}, async (stack) => {
      const capabilities = { drops: ["ALL"], adds: ["CAP_DAC_READ_SEARCH"] };
      const confined = [box({ capabilities, readOnly: true, tmpfs: { "/tmp": "size=64m" }, memorySwap: -1 })];
      expect((await stack.up(confined)).errors).toEqual([]);
      const { outputs } = await stack.resource("box");
      const format = "{{json .HostConfig.CapDrop}} {{.HostConfig.ReadonlyRootfs}} {{json .HostConfig.Tmpfs}}";
      const made = await docker("inspect", String(outputs.name), "--format", format);
      expect(made).toBe('["ALL"] true {"/tmp":"size=64m"}');
      expect(ops(await stack.up(confined))).toEqual({ box: "same" });
      expect(ops(await stack.up(confined, { refresh: true }))).toEqual({ box: "same" });
    }));

  test("a property that the provider wants to change at every run changes at every run, as under Pulumi", () =>
    withStack("declared", {}, async (stack) => {
      const lonely = [box({ memory: 64 })];
      await stack.up(lonely);
      expect(ops(await stack.up(lonely))).toEqual({ box: "update" });
    }));

  test("a container that waits for its health check does not delay other containers", () =>
    withStack("declared", {}, async (stack) => {
      const script = "sleep 4; touch /healthy; sleep 600";
      const healthcheck = { tests: ["CMD", "test", "-f", "/healthy"], interval: "1s", retries: 30 };
      const slow = ["slow1", "slow2"].map((name) =>
        box({ command: ["sh", "-c", script], healthcheck, wait: true, waitTimeout: 60 }, {}, name),
      );
      // If the wait used a slot, the two slow containers would use both slots, and this container
      // could not start.
      const keepers = { gate: "<gate.name>" };
      const quick: Declared = { kind: "RandomId", name: "quick", args: { byteLength: 2, keepers } };
      expect((await stack.up([...slow, box({}, {}, "gate"), quick], { parallel: 2 })).errors).toEqual([]);
      const done = stack.work().filter((line) => line.startsWith("done create "));
      expect(done.slice(0, 2)).toEqual(["done create gate", "done create quick"]);
    }));

  test("a resource that leaves the program is deleted last, after its dependents, and a retained volume stays", () =>
    withStack("declared", {}, async (stack) => {
      const name = `kept-${stack.folder.split("-").at(-1)}`;
      const all: Declared[] = [
        { kind: "Network", name: "net" },
        { kind: "Volume", name: "data", args: { name }, opts: { retainOnDelete: true } },
        box({
          networksAdvanced: [{ name: "<net.name>" }],
          volumes: [{ volumeName: "<data.name>", containerPath: "/data" }],
        }),
      ];
      expect((await stack.up(all)).errors).toEqual([]);
      try {
        const result = await stack.up([]);
        expect(ops(result)).toEqual({ net: "delete", data: "retain", box: "delete" });
        const work = stack.work();
        expect(work.indexOf("done delete box")).toBeLessThan(work.indexOf("start delete net"));
        expect(await docker("volume", "ls", "-q", "--filter", `name=${name}`)).toBe(name);
      } finally {
        await docker("volume", "rm", name);
      }
    }));

  test("an explicit provider starts with its settings and works", () =>
    withStack("declared", {}, async (stack) => {
      const host = process.env.DOCKER_HOST ?? "unix:///var/run/docker.sock";
      const all: Declared[] = [
        { kind: "Provider", name: "here", args: { host } },
        { kind: "Network", name: "net", opts: { provider: "here" } },
      ];
      expect((await stack.preview(all)).errors).toEqual([]);
      expect(ops(await stack.up(all))).toEqual({ here: "create", net: "create" });
      expect(ops(await stack.up(all))).toEqual({ here: "same", net: "same" });
    }));

  test("additionalSecretOutputs, customTimeouts and deletedWith work", () =>
    withStack("declared", {}, async (stack) => {
      const all: Declared[] = [
        {
          kind: "RandomId",
          name: "root",
          args: { byteLength: 4 },
          opts: { additionalSecretOutputs: ["hex"] },
        },
        { kind: "RandomId", name: "rider", args: { byteLength: 4 }, opts: { deletedWith: "root" } },
        box({ envs: ["ID=<root.hex>"] }, { customTimeouts: { create: "5m" } }),
      ];
      expect((await stack.up(all)).errors).toEqual([]);
      expect((await stack.resource("root")).outputs.hex).toBe("[secret]");
      expect((await stack.resource("box")).inputs.envs).toEqual(["[secret]"]);
      expect(ops(await stack.up(all))).toEqual({ root: "same", rider: "same", box: "same" });
      expect(ops(await stack.up([]))).toEqual({ root: "delete", rider: "delete", box: "delete" });
      expect(stack.work()).toContain("start delete root");
      expect(stack.work()).not.toContain("start delete rider");
    }));

  test("an image builds from a path relative to the project, and the state contains no path of this machine", () =>
    withStack("declared", {}, async (stack) => {
      const name = `${image}-built`;
      const built: Declared[] = [
        {
          kind: "RemoteImage",
          name: "img",
          args: {
            name,
            build: { context: "tests/engine/programs", dockerfile: "Dockerfile", buildArgs: { BASE: image } },
          },
        },
        { kind: "Container", name: "box", args: { image: "<img.imageId>", command: ["sleep", "600"] } },
      ];
      const made = await stack.up(built);
      expect(made.errors).toEqual([]);
      expect(JSON.stringify(await engine.readState(stack.options))).not.toContain(stack.options.projectDir);
      expect(ops(await stack.up(built))).toEqual({ img: "same", box: "same" });
    }));
});
