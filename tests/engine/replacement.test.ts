import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
const id = (
  name: string,
  keepers: Record<string, unknown>,
  opts: Record<string, unknown> = {},
): Declared => ({
  kind: "RandomId",
  name,
  args: { byteLength: 4, keepers },
  opts,
});

describe.concurrent("replacement", () => {
  test("create-first creates the new resource before dependents of the old one are deleted, and deletes the old one last", () =>
    withStack("declared", {}, async (stack) => {
      const stateless = { deleteBeforeReplace: false };
      await stack.up([id("root", { a: "1" }), box({ envs: ["ROOT=<root.hex>"] }, stateless)]);
      const before = String((await stack.resource("box")).outputs.name);
      const result = await stack.up([id("root", { a: "2" }), box({ envs: ["ROOT=<root.hex>"] }, stateless)]);
      expect(ops(result)).toEqual({ root: "replace", box: "replace" });
      expect(stack.work()).toEqual([
        "start replace root",
        "done replace root",
        "start replace box",
        "done replace box",
        "start delete box",
        "done delete box",
        "start delete root",
        "done delete root",
      ]);
      expect(await docker("ps", "-aq", "--filter", `name=${before}`)).toBe("");
    }));

  test("delete-first also deletes the dependents that must be replaced, and no other resource", () =>
    withStack("declared", {}, async (stack) => {
      const first = { deleteBeforeReplace: true };
      const all = (a: string): Declared[] => [
        id("root", { a }, first),
        id("follower", { root: "<root.hex>" }),
        // The root's replacement does not replace this resource. It only determines the order.
        id("bystander", { fixed: "1" }, { dependsOn: ["root"] }),
      ];
      await stack.up(all("1"));
      const result = await stack.up(all("2"));
      expect(ops(result)).toEqual({ root: "replace", follower: "replace", bystander: "same" });
      const work = stack.work();
      expect(work[0]).toBe("start replace follower");
      expect(work.indexOf("done replace root")).toBeLessThan(work.indexOf("done replace follower"));
      expect(work.filter((line) => line.includes("delete"))).toEqual([]);
      expect(ops(await stack.up(all("2")))).toEqual({ root: "same", follower: "same", bystander: "same" });
    }));

  test("protect refuses replacement and deletion with a message, and destroy can keep protected resources", () =>
    withStack("declared", {}, async (stack) => {
      const guarded = (a: string) => id("root", { a }, { protect: true });
      await stack.up([guarded("1"), id("other", { a: "1" })]);
      const replaced = await stack.up([guarded("2"), id("other", { a: "1" })]);
      expect(replaced.ok).toBe(false);
      expect(replaced.errors[0]).toMatch(/root .*must be replaced, but is protected/);
      const dropped = await stack.up([]);
      expect(dropped.errors[0]).toMatch(/root .*is protected, but no longer in the program/);
      expect(dropped.changes.delete).toBe(0);

      const { destroy } = await import("../../engine/index.ts");
      const refused = await destroy(stack.options);
      expect(refused.errors[0]).toMatch(/is protected, so nothing was deleted/);
      const partly = await destroy({ ...stack.options, excludeProtected: true });
      expect(partly.ok).toBe(true);
      expect(ops(partly)).toEqual({ other: "delete" });
      expect((await stack.resource("root")).protect).toBe(true);
    }));

  test("ignoreChanges, replaceOnChanges and aliases work", () =>
    withStack("declared", {}, async (stack) => {
      await stack.up([
        id("a", { x: "1", y: "1" }, { ignoreChanges: ["keepers.x"] }),
        box({ memory: 64, memorySwap: 64 }),
      ]);
      const before = await stack.resource("a");
      const ignored = await stack.up([
        id("a", { x: "2", y: "1" }, { ignoreChanges: ["keepers.x"] }),
        box({ memory: 96, memorySwap: 96 }, { replaceOnChanges: ["memory"] }),
      ]);
      expect(ops(ignored)).toEqual({ a: "same", box: "replace" });
      const renamed = await stack.up([
        id("b", { x: "1", y: "1" }, { aliases: [{ name: "a" }] }),
        box({ memory: 96, memorySwap: 96 }, { replaceOnChanges: ["memory"] }),
      ]);
      expect(ops(renamed)).toEqual({ b: "same", box: "same" });
      expect((await stack.resource("b")).id).toBe(before.id);
    }));

  test("a container that fails its creation stays in the state with its error, and every run recreates it until it is healthy", () =>
    withStack("declared", {}, async (stack) => {
      const checked = (verdict: string) => ({
        healthcheck: { tests: ["CMD", verdict], interval: "1s", retries: 1 },
        wait: true,
        waitTimeout: 4,
      });
      const both = (verdict: string): Declared[] => [
        box(checked(verdict), { replaceOnChanges: ["#initerror"] }),
        id("apart", { a: "1" }),
        id("dependent", { box: "<box.id>" }),
      ];
      const failed = await stack.up(both("false"));
      expect(failed.errors).toEqual([
        expect.stringMatching(/^box .*container failed to be in healthy state$/),
      ]);
      expect(ops(failed)).toEqual({ apart: "create" });
      const half = await stack.resource("box");
      expect(half.initErrors).toHaveLength(1);
      const again = await stack.up(both("false"));
      expect(again.errors).toHaveLength(1);
      expect(stack.work()).toEqual(["start replace box", "failed replace box"]);
      expect(await docker("ps", "-aq", "--no-trunc", "--filter", `id=${half.id}`)).toBe("");
      const well = await stack.up(both("true"));
      expect(well.errors).toEqual([]);
      expect(ops(well)).toEqual({ box: "replace", apart: "same", dependent: "create" });
    }));
});
