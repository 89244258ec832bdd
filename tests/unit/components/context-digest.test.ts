/** Tests which changes of a build's context change the image. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { contextDigest } from "../../../components/context-digest.ts";

const folder = mkdtempSync(join(tmpdir(), "ragdock-context-"));
const file = join(folder, "app.py");
const dockerfile = join(folder, "Dockerfile");
writeFileSync(dockerfile, "FROM scratch\nCOPY app.py /\n");
writeFileSync(file, "pass\n");
afterAll(() => rmSync(folder, { recursive: true }));

/** Returns the digest with this mode of the file. */
function digest(mode: number): string {
  chmodSync(dockerfile, 0o644);
  chmodSync(file, mode);
  return contextDigest(folder, dockerfile, {});
}

it("depends on who may read and run a file, but not on its group's access", () => {
  const usual = digest(0o644);
  expect(digest(0o664)).toBe(usual);
  const others = [digest(0o600), digest(0o755), digest(0o700)];
  expect(new Set([usual, ...others]).size).toBe(4);
});
