/**
 * Runs the checks that need only a shell against sockets and processes of this machine. It does not
 * prove that an image has the shell.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Healthcheck } from "../../../config/spec/healthcheck.ts";

interface Ran {
  readonly code: number;
  readonly said: string;
}

/** Returns exit code and output of a shell command. */
async function ran(line: string, env: NodeJS.ProcessEnv = process.env): Promise<Ran> {
  try {
    const { stdout } = await promisify(execFile)("/bin/sh", ["-c", line], { env });
    return { code: 0, said: stdout.trim() };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, said: (stdout + stderr).trim() };
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

  it.each(["127.0.0.1", "127.0.0.2", "::1"])(
    "fails if the server listens on %s, which other containers cannot reach",
    (address) =>
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

  it("does not confuse it with a port that ends in the same digits", () =>
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

describe("the check of a path", () => {
  const programs = ["wget", "curl", "python3", "node"];
  const folder = mkdtempSync(join(tmpdir(), "ragdock-clients-"));

  /** Runs the check with only these clients on its PATH. */
  async function check(port: number, clients: readonly string[], path = "/health"): Promise<Ran> {
    const bin = mkdtempSync(join(folder, "bin-"));
    const which = async (name: string) => (await promisify(execFile)("which", [name])).stdout.trim();
    for (const name of ["head", ...clients]) {
      const program = `#!/bin/sh\nPATH='${process.env.PATH}' exec ${await which(name)} "$@"\n`;
      writeFileSync(join(bin, name), program, { mode: 0o755 });
    }
    return ran(lineOf(Healthcheck.anyHttp(path, port)), { PATH: bin });
  }

  const server = createHttpServer((request, response) => {
    response.statusCode = request.url === "/health" ? 200 : 503;
    response.end(request.url === "/health" ? "ok" : "the model 'small' is missing");
  });
  const portOf = () => (server.address() as { port: number }).port;
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  it.each(programs)("with %s is healthy if it answers 2xx", async (client) => {
    expect(await check(portOf(), [client])).toEqual({ code: 0, said: "" });
  });

  it.each([
    [["curl"], "the model 'small' is missing (http://127.0.0.1:PORT/no answers 503)"],
    [["wget", "curl"], "the model 'small' is missing (http://127.0.0.1:PORT/no answers 503)"],
    [["python3"], "http://127.0.0.1:PORT/no answers 503: the model 'small' is missing"],
    [["wget", "python3"], "http://127.0.0.1:PORT/no answers 503: the model 'small' is missing"],
    [["node"], "http://127.0.0.1:PORT/no answers 503: the model 'small' is missing"],
    // GNU's wget prints nothing, and BusyBox's wget prints the status.
    [["wget"], "http://127.0.0.1:PORT/no does not answer 2xx"],
    [[], "the image has no wget, curl, python3 or node: use another health check"],
  ])("with %j shows status and body of an answer that is not 2xx", async (clients, said) => {
    const port = portOf();
    const expected = { code: 1, said: said.replace("PORT", String(port)) };
    expect(await check(port, clients, "/no")).toEqual(expected);
  });

  it.each(programs)("with %s fails if nothing answers", async (client) => {
    const port = await listening("127.0.0.1", async (free) => free);
    const { code, said } = await check(port, [client]);
    expect(code).toBe(1);
    expect(said).toMatch(/refused|does not answer|connect/i);
  });
});

it("gives an HTTP client a second less than Docker gives the check", () => {
  expect(lineOf(Healthcheck.anyHttp("/", 80))).toMatch(/-T 4 .* -m 4 .*timeout=4/s);
  expect(lineOf(Healthcheck.anyHttp("/", 80, { timeout: "20s" }))).toMatch(/-T 19 .* -m 19 .*timeout=19/s);
  expect(lineOf(Healthcheck.anyHttp("/", 80, { timeout: "1s" }))).toMatch(/-T 1 .* -m 1 .*timeout=1/s);
});
