/**
 * Tests the lines in the audit log with a fake Docker. tests/systems/front-door.test.ts uses a real
 * one.
 */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { recordDeployment, recordRemoval } from "../../../host/deployment-log.ts";
import type { Container } from "../../../host/docker.ts";
import { systemWith } from "../../support/program.ts";

let now: Container[] = [];
let lines: string[] = [];
let isDown = false;

/** The service, the object and the result of a command that adds a line. */
const lineOf = (args: readonly string[]): string => {
  const value = (flag: string) => args[args.indexOf(flag) + 1];
  return `${args[3]}: ${value("--action")} ${value("--object")}: ${value("--result")}`;
};

vi.mock("../../../host/docker.ts", async (original) => ({
  ...(await original<object>()),
  containersOf: async () => now,
  docker: async (...args: string[]) => {
    if (isDown) throw new Error("No such container");
    lines.push(lineOf(args));
  },
}));
vi.mock("node:child_process", async (original) => ({
  ...(await original<object>()),
  spawnSync: (_: string, args: string[]) => void lines.push(lineOf(args)),
}));

const container = (service: string, id: string, { kind = "stateless", status = "running" } = {}): Container =>
  ({
    Id: id,
    State: { Status: status },
    Config: { Labels: { "ragdock.service": service, "ragdock.kind": kind } },
  }) as unknown as Container;

const system = systemWith({ ingress: { signIn: { users: true } } });
const before = [container("api", "api-1"), container("auth", "auth-1")];
let exits: (() => void)[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(process, "once").mockImplementation((_: string | symbol, listener: () => void) => {
    exits.push(listener);
    return process;
  });
  [now, lines, exits, isDown] = [before, [], [], false];
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Starts a deployment. Returns the function that ends it successfully. */
function begin({ containers = before, differs = false, of = system } = {}): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  recordDeployment("test", of, { containers, differs }, promise);
  return async () => {
    resolve();
    await vi.advanceTimersByTimeAsync(0);
  };
}

const later = () => vi.advanceTimersByTimeAsync(2000);
const end = () => {
  for (const exit of exits) exit();
};

it("gets a line after the first change, and one when all resources are done", async () => {
  const finish = begin();
  await later();
  expect(lines).toEqual([]);
  now = [...before, container("api", "api-2")];
  await later();
  await later();
  expect(lines).toEqual(["auth-1: deploy api: started"]);
  now = [...now, container("gateway", "gateway-2"), container("migrate", "job-2", { kind: "job" })];
  await finish();
  end();
  expect(lines.slice(1)).toEqual(["auth-1: deploy api, gateway: ok"]);
});

it("gets a line for a failure, and only the first line if the program is killed", async () => {
  begin();
  now = [container("auth", "auth-1"), container("api", "api-2")];
  await later();
  end();
  expect(lines).toEqual(["auth-1: deploy api: started", "auth-1: deploy api: failed"]);
});

it("gets no line for a deployment that changes nothing, and one for changed settings", async () => {
  await begin()();
  end();
  expect(lines).toEqual([]);
  await begin({ differs: true })();
  expect(lines).toEqual(["auth-1: deploy settings: ok"]);
});

it("gets a line as soon as the sign-in runs, in the first deployment", async () => {
  const finish = begin({ containers: [] });
  now = [container("auth", "auth-1", { status: "created" })];
  await later();
  expect(lines).toEqual([]);
  now = [container("auth", "auth-1")];
  await later();
  await finish();
  expect(lines).toEqual(["auth-1: deploy auth: started", "auth-1: deploy auth: ok"]);
});

it("is tried again if the sign-in is replaced at this moment, and never fails the deployment", async () => {
  const said = vi.spyOn(console, "error").mockReturnValue();
  const finish = begin();
  now = [...before, container("auth", "auth-2")];
  isDown = true;
  await later();
  isDown = false;
  await later();
  expect(lines).toEqual(["auth-2: deploy auth: started"]);
  isDown = true;
  await finish();
  expect(said).toHaveBeenCalledWith("No such container");
});

it("has no line without a sign-in, and none for images alone", async () => {
  await begin({ of: systemWith(), differs: true })();
  vi.stubEnv("RAGDOCK_IMAGES_ONLY", "true");
  await begin({ differs: true })();
  vi.unstubAllEnvs();
  expect(lines).toEqual([]);
});

it("has a line when someone takes the stack down", async () => {
  await recordRemoval("test", "auth");
  expect(lines).toEqual(["auth-1: down test: started"]);
});

it("has no line of a stack that has no sign-in, or whose sign-in does not run", async () => {
  now = [container("api", "api-1")];
  await recordRemoval("test", "auth");
  now = [container("auth", "auth-1", { status: "exited" })];
  await recordRemoval("test", "auth");
  expect(lines).toEqual([]);
});
