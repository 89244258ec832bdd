import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ResourceState } from "../../../../engine/run/model.ts";
import { Resources } from "../../../../engine/run/resources.ts";
import { StateStore } from "../../../../engine/run/state.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ragdock-state-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const entry = (name: string, text = "x"): ResourceState => ({
  urn: `urn:pulumi:s::p::t:i:T::${name}`,
  type: "t:i:T",
  custom: true,
  inputs: { text },
  outputs: {},
  dependencies: [],
  propertyDependencies: {},
  protect: false,
  retainOnDelete: false,
  autoNamed: false,
  initErrors: [],
  replan: false,
  pendingDelete: false,
  pendingReplacement: false,
});
const operation = (name: string) =>
  ({ op: "create", urn: entry(name).urn, type: "t:i:T", started: 1 }) as const;
const names = (store: StateStore) => store.resources.all().map((found) => found.urn.split("::").at(-1));

describe("the state file", () => {
  const path = () => join(folder, "a.state");
  const journal = () => `${path()}.journal`;
  const open = (persist = true, passphrase = "passphrase") => StateStore.open(path(), passphrase, persist);
  const saved = async (...entries: ResourceState[]): Promise<void> => {
    const store = await open();
    for (const one of entries) store.resources.put(one);
    await store.close();
  };

  test("keeps the saved data, contains no clear text, and is readable by this user only", async () => {
    await saved(entry("a", "CLEAR-TEXT-CANARY"));
    expect(readFileSync(path(), "utf8")).not.toContain("CANARY");
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect((await open(false)).resources.all()).toEqual([entry("a", "CLEAR-TEXT-CANARY")]);
    expect(existsSync(journal())).toBe(false);
  });

  test("does not open with another passphrase or after a byte was changed", async () => {
    await saved(entry("a"));
    await expect(open(true, "Passphrase")).rejects.toThrow("cannot be opened with this passphrase");
    const envelope = JSON.parse(readFileSync(path(), "utf8"));
    const data = Buffer.from(envelope.data, "base64");
    data[0] = (data[0] ?? 0) ^ 1;
    writeFileSync(path(), JSON.stringify({ ...envelope, data: data.toString("base64") }));
    await expect(open()).rejects.toThrow("is damaged");
    writeFileSync(path(), readFileSync(path(), "utf8").slice(0, 40));
    await expect(open()).rejects.toThrow("is damaged");
    rmSync(path());
    await expect(open(true, "")).rejects.toThrow("needs a passphrase");
  });

  test("opens if an earlier version wrote it", async () => {
    await saved(entry("a"));
    const envelope = JSON.parse(readFileSync(path(), "utf8"));
    writeFileSync(path(), JSON.stringify({ ...envelope, format: "ragdock-state-1" }));
    expect(names(await open())).toEqual(["a"]);
  });

  test("is not written by a preview or by a run without changes", async () => {
    const preview = await open(false);
    preview.resources.put(entry("a"));
    await preview.flush();
    await preview.close();
    expect(existsSync(path())).toBe(false);
    await saved(entry("a"));
    const before = readFileSync(path(), "utf8");
    const store = await open();
    store.resources.keep(entry("a"), store.resources.find(entry("a").urn));
    await store.flush();
    await store.close();
    expect(readFileSync(path(), "utf8")).toBe(before);
    expect(readdirSync(folder)).toEqual(["a.state"]);
  });

  test("the journal contains a killed run's changes, encrypted, and the next run continues from them", async () => {
    await saved(entry("a"), entry("b"), entry("c"));
    const killed = await open();
    const [a, b] = killed.resources.all() as [ResourceState, ResourceState];
    const begun = killed.begin(operation("d"));
    killed.begin(operation("e"));
    killed.keepName("urn:f", "CANARY");
    await killed.flush();
    killed.end(begun);
    killed.resources.put(entry("a", "CANARY"), a);
    killed.resources.drop(b);
    killed.resources.put(entry("d"));
    await killed.flush();
    expect(readFileSync(journal(), "utf8")).not.toContain("CANARY");
    expect(statSync(journal()).mode & 0o777).toBe(0o600);
    for (const persist of [false, true]) {
      const next = await open(persist);
      expect(next.resources.all()).toEqual([entry("a", "CANARY"), entry("c"), entry("d")]);
      expect(next.pending.map(([, { urn }]) => urn)).toEqual([entry("e").urn]);
      expect(next.keptName("urn:f")).toBe("CANARY");
    }
    expect(existsSync(journal())).toBe(false);
    const after = await open();
    expect(names(after)).toEqual(["a", "c", "d"]);
    for (const [number] of after.pending) after.end(number);
    await after.close();
    expect((await open(false)).pending).toEqual([]);
  });

  test("a killed first run leaves a state that opens", async () => {
    const killed = await open();
    killed.begin(operation("a"));
    await killed.flush();
    expect((await open(false)).pending).toHaveLength(1);
  });

  test("only the last line of the journal may be incomplete", async () => {
    await saved(entry("a"));
    const killed = await open();
    for (const name of ["b", "c", "d"]) {
      killed.resources.put(entry(name));
      await killed.flush();
    }
    const [head, ...lines] = readFileSync(journal(), "utf8").trimEnd().split("\n") as [
      string,
      string,
      ...string[],
    ];
    const [first, second, third] = lines as [string, string, string];
    const read = async (text: string) => {
      writeFileSync(journal(), text);
      return names(await open(false));
    };
    const whole = `${[head, first, second, third].join("\n")}\n`;
    expect(await read(whole)).toEqual(["a", "b", "c", "d"]);
    for (let lost = 1; lost <= third.length + 1; lost += 7) {
      expect(await read(whole.slice(0, -lost))).toEqual(["a", "b", "c"]);
    }
    expect(await read(head.slice(0, 5))).toEqual(["a"]);
    const changed = `${second.slice(0, 20)}${second[20] === "A" ? "B" : "A"}${second.slice(21)}`;
    for (const wrong of [
      [head, first, third],
      [head, second, first, third],
      [head, first, first, second, third],
      [head, first, changed, third],
      [head, first, second, changed],
      [head, first, "", third],
      [first, second],
      [head.replace(/\d+}/, "9}"), first],
    ]) {
      await expect(read(`${wrong.join("\n")}\n`), wrong.join()).rejects.toThrow("belongs to another state");
    }
  });

  test("a journal that is older than the state is ignored", async () => {
    await saved(entry("a"));
    const killed = await open();
    killed.resources.put(entry("b"));
    await killed.flush();
    const left = readFileSync(journal(), "utf8");
    await killed.close();
    writeFileSync(journal(), left);
    expect(names(await open())).toEqual(["a", "b"]);
    expect(existsSync(journal())).toBe(false);
  });

  test("records that arrive together share one write and keep their order", async () => {
    await saved();
    const store = await open();
    const flushed = Array.from({ length: 50 }, (_, i) => {
      store.resources.put(entry(`n${i}`));
      return store.flush();
    });
    await Promise.all(flushed);
    expect(names(await open(false))).toEqual(Array.from({ length: 50 }, (_, i) => `n${i}`));
    await store.close();
  });
});

describe("the resources of a stack", () => {
  const urn = (name: string) => entry(name).urn;

  test("a renamed resource has only its new name, also in its dependents", () => {
    const child = { ...entry("child"), parent: urn("a"), dependencies: [urn("a"), urn("b")] };
    const user = { ...entry("user"), provider: `${urn("a")}::id`, propertyDependencies: { x: [urn("a")] } };
    const resources = new Resources([entry("a"), entry("b"), child, user]);
    const a = resources.find(urn("a")) as ResourceState;
    resources.rename(a, urn("new"));
    expect(resources.find(urn("a"))).toBeUndefined();
    expect(resources.find(urn("new"))).toBe(a);
    expect(child).toMatchObject({ parent: urn("new"), dependencies: [urn("new"), urn("b")] });
    expect(user).toMatchObject({ provider: `${urn("new")}::id`, propertyDependencies: { x: [urn("new")] } });
    expect(resources.dependents(urn("new"))).toEqual([child, user]);
    expect(resources.dependents(urn("a"))).toEqual([]);
    expect(resources.takeChanges().map(([number]) => number)).toEqual([0, 2, 3]);
  });

  test("a resource that waits for its deletion is not found, but its replacement is", () => {
    const old = entry("a");
    const resources = new Resources([old, entry("b")]);
    old.pendingDelete = true;
    resources.touch(old);
    expect(resources.find(urn("a"))).toBeUndefined();
    const next = entry("a", "next");
    resources.put(next);
    resources.drop(old);
    expect(resources.find(urn("a"))).toBe(next);
    expect(resources.all().map((one) => one.inputs.text)).toEqual(["x", "next"]);
  });
});
