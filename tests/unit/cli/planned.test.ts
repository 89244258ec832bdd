/** Tests the lines that a preview prints for changed properties. */
import { expect, it } from "vitest";
import { messagesOnly } from "../../../cli/backends/deployer.ts";
import { planned } from "../../../cli/ui/planned.ts";
import type { EngineEvent, PropertyDiff, RunResult } from "../../../engine/index.ts";

const lines = (...diff: PropertyDiff[]): string[] =>
  planned(
    {
      steps: [
        { urn: "", type: "docker:index/container:Container", name: "web", op: "replace", diff },
        { urn: "", type: "docker:index/container:Container", name: "api", op: "same", diff: [] },
      ],
    } as unknown as RunResult,
    (name) => name,
  );
const diff = (path: string, old: unknown, next: unknown, replaces = false): PropertyDiff =>
  ({ path, old, new: next, replaces }) as PropertyDiff;

it("names the resource and each property, and what forces a replacement", () =>
  expect(lines(diff("memory", 512, 1024), diff("user", undefined, "1:1", true))).toEqual([
    "± container web: replace",
    "      memory: 512 → 1024",
    "      user: nothing → 1:1   (replaces)",
  ]));

it("shows the added and the removed variables, wherever they stand in the list", () =>
  expect(
    lines(
      diff("envs[0]", "B=1", "A=1", true),
      diff("envs[1]", "C=1", "B=1"),
      diff("envs[2]", undefined, "C=2"),
    )[1],
  ).toBe("      envs: - C=1, + A=1, + C=2   (replaces)"));

it("shows the first line of a file that differs", () =>
  expect(lines(diff("uploads[0].content", "one\ntwo\nthree\n", "one\n  2\nthree\n"))[1]).toBe(
    "      uploads[0].content, line 2: two → 2",
  ));

it("cuts a long value", () =>
  expect(lines(diff("command[0].x", "a", "b".repeat(200)))[1]).toBe(
    `      command[0].x: a → ${"b".repeat(100)}…`,
  ));

it("omits the events that report changes, because a preview changes nothing", () => {
  const subject = { urn: "", type: "docker:index/container:Container", name: "web" };
  const events: EngineEvent[] = [
    { kind: "start", op: "create", ...subject },
    { kind: "done", op: "create", seconds: 0, diff: [], ...subject },
    { kind: "log", severity: "warning", message: "a port is open" },
    { kind: "note", message: "web is gone" },
  ];
  const seen: EngineEvent[] = [];
  for (const event of events) messagesOnly((one) => seen.push(one))(event);
  expect(seen.map(({ kind }) => kind)).toEqual(["log", "note"]);
});
