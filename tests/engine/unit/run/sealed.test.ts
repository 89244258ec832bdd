import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readSealed, writeAtomic, writeSealed } from "../../../../engine/index.ts";
import { SealKey } from "../../../../engine/run/sealed.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ragdock-sealed-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("an encrypted file", () => {
  test("returns its value, contains no clear text, and is readable by this user only", async () => {
    const path = join(folder, "sub", "a.secrets");
    expect(await readSealed(path, "passphrase")).toBeUndefined();
    await writeSealed(path, "passphrase", { key: "CANARY" });
    expect(await readSealed(path, "passphrase")).toEqual({ key: "CANARY" });
    expect(readFileSync(path, "utf8")).not.toContain("CANARY");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "sub")).mode & 0o777).toBe(0o700);
    await expect(readSealed(path, "other")).rejects.toThrow("cannot be opened with this passphrase");
    writeFileSync(path, "{}");
    await expect(readSealed(path, "passphrase")).rejects.toThrow("is not an encrypted file");
  });

  test("a sealed text can be decrypted only in its context, and two sealed texts always differ", async () => {
    const key = await SealKey.derive("passphrase");
    const sealed = key.seal("text", "first");
    expect(key.open(sealed, "first")).toBe("text");
    expect(() => key.open(sealed, "second")).toThrow();
    expect(key.seal("text", "first").equals(sealed)).toBe(false);
  });
});

describe("an atomic write", () => {
  test("replaces the whole content, and keeps only the old content if it fails", () => {
    const path = join(folder, "a");
    writeAtomic(path, "long old content");
    writeAtomic(path, "new");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(() => writeAtomic(path, 5 as unknown as string)).toThrow();
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(readdirSync(folder)).toEqual(["a"]);
    expect(existsSync(`${path}.${process.pid}.new`)).toBe(false);
  });
});
