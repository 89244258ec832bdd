import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Lock } from "../../../engine/lock.ts";
import { StateStore } from "../../../engine/state.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ragdock-state-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the state file", () => {
  test("keeps what was saved, shows nothing of it, and is this user's alone", async () => {
    const path = join(folder, "a.state");
    const store = await StateStore.open(path, "passphrase", true);
    store.state.keptNames["urn:some"] = "CLEAR-TEXT-CANARY";
    store.save();
    expect(readFileSync(path, "utf8")).not.toContain("CANARY");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await StateStore.open(path, "passphrase", true)).state.keptNames).toEqual({
      "urn:some": "CLEAR-TEXT-CANARY",
    });
  });

  test("opens with no other passphrase, and not when a byte was changed", async () => {
    const path = join(folder, "a.state");
    (await StateStore.open(path, "passphrase", true)).save();
    await expect(StateStore.open(path, "Passphrase", true)).rejects.toThrow(
      "does not open with this passphrase",
    );
    const envelope = JSON.parse(readFileSync(path, "utf8"));
    const data = Buffer.from(envelope.data, "base64");
    data[0] = (data[0] ?? 0) ^ 1;
    writeFileSync(path, JSON.stringify({ ...envelope, data: data.toString("base64") }));
    await expect(StateStore.open(path, "passphrase", true)).rejects.toThrow("was damaged");
    await expect(StateStore.open(path, "", true)).rejects.toThrow("needs a passphrase");
  });

  test("is not written by a preview", async () => {
    const path = join(folder, "a.state");
    (await StateStore.open(path, "passphrase", false)).save();
    expect(() => statSync(path)).toThrow("ENOENT");
  });
});

describe("the lock", () => {
  test("is refused while its holder lives, naming it", () => {
    const path = join(folder, "a.lock");
    const held = Lock.take(path, () => undefined);
    expect(() => Lock.take(path, () => undefined)).toThrow(`being changed by process ${process.pid}`);
    held.release();
    Lock.take(path, () => undefined).release();
  });

  test.each([
    ["a dead process", () => ({ pid: spawnSync("true").pid, begun: "1" })],
    ["a process whose number another has now", () => ({ pid: process.pid, begun: "1" })],
  ])("is taken over from %s, with a word", (_, holder) => {
    const path = join(folder, "a.lock");
    writeFileSync(path, JSON.stringify({ ...holder(), since: "then", providers: [] }));
    const notes: string[] = [];
    Lock.take(path, (message) => notes.push(message)).release();
    expect(notes).toEqual([expect.stringContaining("took over the lock")]);
  });
});
