/**
 * Tests that the start script of an application passes on every byte of its secrets, and becomes
 * the program. It runs in dash and bash here. tests/systems/web-and-worker.test.ts runs it in a
 * container.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { appStartScript } from "../../../config/services/own-app-secrets.ts";
import { shown } from "../../../config/spec/content.ts";
import { serviceOf, systemWith } from "../../support/program.ts";

describe("the start script", () => {
  const folder = mkdtempSync(join(tmpdir(), "ragdock-start-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const app = { image: "web:1", port: 8000, route: "/", secrets: { SAMPLE: "generate" } };
  const files = serviceOf(systemWith({ apps: { web: app } }), "web").files;
  const script = shown(files.find(({ path }) => path === appStartScript)?.content ?? "");
  mkdirSync(join(folder, "secrets"));
  const start = join(folder, "start");
  writeFileSync(start, script.replaceAll("/run/secrets/", `${folder}/secrets/`));

  const received = (value: Buffer, shell: string): Buffer => {
    writeFileSync(join(folder, "secrets", "SAMPLE"), value);
    const program = ["-c", "import os, sys; sys.stdout.buffer.write(os.environb[b'SAMPLE'])"];
    return execFileSync(shell, [start, "python3", ...program]);
  };

  it.each(["sh", "bash"])("hands every byte but zero to the program, in %s", (shell) => {
    const bytes = Buffer.from([...Array(255).keys()].map((byte) => byte + 1));
    const samples = [
      bytes,
      Buffer.from("\n\n a'b\"c$HOME`id`\\n%s \r\n\n"),
      Buffer.from(""),
      Buffer.from("no line end"),
    ];
    for (const sample of samples) expect(received(sample, shell)).toEqual(sample);
  });

  it("hands any text to the program", () => {
    const text = fc
      .string({ unit: "binary" })
      .map((value) => Buffer.from(value.replaceAll("\0", ""), "utf8"));
    fc.assert(
      fc.property(text, (value) => received(value, "sh").equals(value)),
      { numRuns: 25 },
    );
  });

  it("becomes the program, with its arguments as they are", () => {
    const program = 'echo "$$ $1 $#"';
    const output = execFileSync("sh", ["-c", `echo $$; exec sh ${start} sh -c '${program}' name "a  b" c`]);
    const [pid, line] = output.toString().trim().split("\n");
    expect(line).toBe(`${pid} a  b 2`);
  });

  it("ends before the program if a file is missing", () => {
    rmSync(join(folder, "secrets", "SAMPLE"));
    expect(() => execFileSync("sh", [start, "echo", "started"], { stdio: "pipe" })).toThrow();
  });
});
