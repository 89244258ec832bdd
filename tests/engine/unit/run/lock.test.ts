// These tests do not prove that the lock works on a network file system or without hard links.
import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Lock } from "../../../../engine/run/lock.ts";

const ROUNDS = 100;
// The id of a process that has ended.
const { pid: gone } = spawnSync("true");

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ragdock-lock-"));
  path = join(folder, "a.lock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const dead = () => ({ pid: gone, begun: "1", since: "then", providers: [] as number[] });

describe("the lock", () => {
  test("is refused while its holder lives, and the error names the holder", () => {
    const held = Lock.take(path, () => undefined);
    expect(() => Lock.take(path, () => undefined)).toThrow(`being changed by process ${process.pid}`);
    held.addProvider(1);
    expect(() => Lock.take(path, () => undefined)).toThrow(`being changed by process ${process.pid}`);
    held.release();
    Lock.take(path, () => undefined).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ["a dead process", dead],
    ["a process whose id another process has now", () => ({ ...dead(), pid: process.pid })],
  ])("is taken over from %s, with a note", (_, holder) => {
    writeFileSync(path, JSON.stringify(holder()));
    const notes: string[] = [];
    Lock.take(path, (message) => notes.push(message)).release();
    expect(notes).toEqual([expect.stringContaining("Took over the lock")]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a take-over ends the dead process's providers, and no other process", async () => {
    const named = (name: string) => spawn("bash", ["-c", `exec -a ${name} sleep 60`], { stdio: "ignore" });
    const orphan = named("/cache/terraform-provider-docker");
    const stranger = named("some-other-program");
    const ended = once(orphan, "exit");
    try {
      await settled(orphan, "terraform-provider");
      await settled(stranger, "some-other");
      const providers = [orphan.pid as number, stranger.pid as number];
      writeFileSync(path, JSON.stringify({ ...dead(), providers }));
      Lock.take(path, () => undefined).release();
      expect(await ended).toEqual([null, "SIGKILL"]);
      expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    } finally {
      orphan.kill();
      stranger.kill();
    }
  });

  test.each([
    ["an empty", ""],
    ["an incomplete", '{"pid":12'],
    ["a foreign", "{}"],
  ])("%s lock file is refused with the command that removes it", (_, text) => {
    writeFileSync(path, text);
    expect(() => Lock.take(path, () => undefined)).toThrow(`"rm ${path}"`);
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(readdirSync(folder)).toEqual(["a.lock"]);
  });

  test("an incomplete take-over is refused with the command that removes it", () => {
    writeFileSync(path, JSON.stringify({ ...dead(), token: "one" }));
    writeFileSync(`${path}.one.claim`, JSON.stringify({ ...dead(), token: "two" }));
    expect(() => Lock.take(path, () => undefined)).toThrow(`"rm ${path}.one.claim"`);
  });
});

describe("two processes that take the lock at the same time", () => {
  const takers: ChildProcess[] = [];
  beforeEach(async () => {
    const program = fileURLToPath(new URL("../../programs/lock-taker.ts", import.meta.url));
    takers.push(fork(program), fork(program));
    await Promise.all(takers.map((taker) => once(taker, "message")));
  });
  afterEach(() => {
    for (const taker of takers.splice(0)) taker.kill();
  });

  test.each([
    ["a free lock", () => undefined],
    ["a dead process's lock", () => writeFileSync(path, JSON.stringify({ ...dead(), token: "t" }))],
    ["a dead process's lock of an earlier version", () => writeFileSync(path, JSON.stringify(dead()))],
  ])("exactly one gets %s", { timeout: 120_000 }, async (_, prepare) => {
    const wins = [0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      prepare();
      const answers = takers.map((taker) => once(taker, "message"));
      const at = performance.timeOrigin + performance.now() + 3;
      for (const taker of takers) taker.send({ take: path, at });
      const results = (await Promise.all(answers)).map(([m]) => m as { taken: boolean; notes: string[] });
      const winner = results.findIndex((result) => result.taken);
      expect(results.filter((result) => result.taken)).toHaveLength(1);
      expect(results[1 - winner]?.notes[0]).toContain(`being changed by process ${takers[winner]?.pid}`);
      wins[winner] = (wins[winner] ?? 0) + 1;
      const released = once(takers[winner] as ChildProcess, "message");
      takers[winner]?.send({ release: true });
      await released;
      expect(readdirSync(folder)).toEqual([]);
    }
    // Each process must get the lock at least once. Otherwise they did not really compete.
    expect(Math.min(...wins)).toBeGreaterThan(0);
  });
});

async function settled(child: ChildProcess, name: string): Promise<void> {
  const command = () => readFileSync(`/proc/${child.pid}/cmdline`, "utf8");
  await expect.poll(command, { timeout: 5000 }).toMatch(new RegExp(`^[^\\0]*${name}`));
}
