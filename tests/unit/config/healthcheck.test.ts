/**
 * Runs the checks that need only a shell against sockets and processes of this machine. It does not
 * prove that an image has the shell.
 */
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { Healthcheck } from "../../../config/spec/healthcheck.ts";

/** Returns exit code and output of a shell's line. */
async function ran(line: string): Promise<{ code: number; said: string }> {
  try {
    const { stdout } = await promisify(execFile)("sh", ["-c", line]);
    return { code: 0, said: stdout.trim() };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, said: stdout.trim() };
  }
}

const lineOf = ({ test }: Healthcheck): string => test[1] ?? "";

/** Runs `work` with a port on which a server listens at this address. */
async function listening<T>(address: string, work: (port: number) => Promise<T>): Promise<T> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  try {
    return await work((server.address() as { port: number }).port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

describe("the check of a port", () => {
  const check = (port: number) => ran(lineOf(Healthcheck.listens(port)));

  it.each(["0.0.0.0", "::"])("is healthy if a server listens on %s", (address) =>
    listening(address, async (port) => expect(await check(port)).toEqual({ code: 0, said: "" })),
  );

  it.each(["127.0.0.1", "127.0.0.2", "::1"])("fails on %s, which other containers do not reach", (address) =>
    listening(address, async (port) => {
      const { code, said } = await check(port);
      expect(code).toBe(1);
      expect(said).toBe(`port ${port} listens on 127.0.0.1 only: let the application listen on 0.0.0.0`);
    }),
  );

  it("fails if nothing listens", async () => {
    const port = await listening("0.0.0.0", async (free) => free);
    expect(await check(port)).toEqual({ code: 1, said: `nothing listens on port ${port}` });
  });

  it("does not take another port that ends in the same digits", () =>
    listening("0.0.0.0", async (port) => expect((await check(port % 4096)).code).toBe(1)));
});

describe("the check of a process", () => {
  // The first process of this machine is old, and a new shell is not.
  it.each([
    ["1", 0],
    ["$$", 1],
  ])("of process %s ends with %i", async (id, code) => {
    const line = lineOf(Healthcheck.runs()).replaceAll("/proc/1/", () => `/proc/${id}/`);
    expect((await ran(line)).code).toBe(code);
  });
});

it("gives an HTTP client a second less than Docker gives the check", () => {
  expect(lineOf(Healthcheck.anyHttp("/", 80))).toMatch(/-T 4 .* -m 4 .*timeout=4/);
  expect(lineOf(Healthcheck.anyHttp("/", 80, { timeout: "20s" }))).toMatch(/-T 19 .* -m 19 .*timeout=19/);
  expect(lineOf(Healthcheck.anyHttp("/", 80, { timeout: "1s" }))).toMatch(/-T 1 .* -m 1 .*timeout=1/);
});
