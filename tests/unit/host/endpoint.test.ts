/** Tests which Docker host a stack uses, and the environment of other programs. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { dockerEnvironment, useDocker } from "../../../host/docker.ts";
import {
  type DockerSettings,
  endpointOf,
  environmentFor,
  hostName,
  requireOneEndpoint,
} from "../../../host/endpoint.ts";

const config = mkdtempSync(join(tmpdir(), "ragdock-contexts-"));
const env = { PATH: process.env.PATH, DOCKER_CONFIG: config };
const docker = (...args: string[]) => execFileSync("docker", args, { env, stdio: "pipe" });

beforeAll(() => {
  docker("context", "create", "desktop", "--docker", "host=unix:///home/me/.docker/desktop/docker.sock");
  docker("context", "create", "remote", "--docker", "host=ssh://deploy@rag.example.com");
  const [cert, key] = [join(config, "cert.pem"), join(config, "key.pem")];
  const subject = ["-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test"];
  execFileSync("openssl", ["req", ...subject, "-keyout", key, "-out", cert], { stdio: "pipe" });
  const files = [`ca=${cert}`, `cert=${cert}`, `key=${key}`];
  docker("context", "create", "tls", "--docker", ["host=tcp://rag.example.com:2376", ...files].join());
  docker("context", "use", "desktop");
});
afterAll(() => rmSync(config, { recursive: true }));

const hostOf = async (settings: DockerSettings, more: NodeJS.ProcessEnv = {}): Promise<string> =>
  (await endpointOf(settings, { ...env, ...more })).host;

describe("precedence", () => {
  const DOCKER_HOST = "tcp://ci.example.com:2375";
  const desktop = "unix:///home/me/.docker/desktop/docker.sock";
  const remote = "ssh://deploy@rag.example.com";

  it.each([
    ["the stack's docker:host", { host: "unix:///a.sock" }, { DOCKER_HOST }, "unix:///a.sock"],
    ["the stack's docker:context", { context: "remote" }, { DOCKER_HOST }, remote],
    ["DOCKER_HOST before DOCKER_CONTEXT", {}, { DOCKER_HOST, DOCKER_CONTEXT: "remote" }, DOCKER_HOST],
    ["DOCKER_CONTEXT", {}, { DOCKER_CONTEXT: "remote" }, remote],
    ["the current context", {}, {}, desktop],
    ["the default context by name", { context: "default" }, {}, "unix:///var/run/docker.sock"],
    ["an empty variable as none", {}, { DOCKER_HOST: "", DOCKER_CONTEXT: "" }, desktop],
  ])("%s", async (_, settings, more, host) => {
    expect(await hostOf(settings, more)).toBe(host);
  });

  it("refuses two settings that contradict each other", async () => {
    const both = hostOf({ host: "unix:///a.sock", context: "remote" });
    await expect(both).rejects.toThrow('docker:host is "unix:///a.sock" and docker:context is "remote"');
  });

  it("reports a context that does not exist", async () => {
    await expect(hostOf({}, { DOCKER_CONTEXT: "nope" })).rejects.toThrow('The Docker context "nope"');
  });

  it("uses the default socket without the docker CLI", async () => {
    expect(await hostOf({}, { PATH: "/nowhere" })).toBe("unix:///var/run/docker.sock");
  });
});

describe("the environment of other programs", () => {
  it("contains the host, but no context and no builder", async () => {
    const mine = { ...env, DOCKER_CONTEXT: "remote", BUILDX_BUILDER: "mine" };
    const theirs = environmentFor(await endpointOf({ context: "desktop" }, mine), mine);
    expect(theirs).toMatchObject({ DOCKER_CONTEXT: "", BUILDX_BUILDER: "", DOCKER_CONFIG: config });
    expect(theirs.DOCKER_HOST).toBe("unix:///home/me/.docker/desktop/docker.sock");
    expect(theirs.PATH).toBe(env.PATH);
  });

  it("contains the folder with a context's certificates", async () => {
    const theirs = environmentFor(await endpointOf({ context: "tls" }, env), env);
    expect(theirs.DOCKER_TLS_VERIFY).toBe("1");
    expect(theirs.DOCKER_CERT_PATH).toMatch(/contexts\/tls\/[0-9a-f]+\/docker$/);
    const files = readdirSync(theirs.DOCKER_CERT_PATH ?? "").sort();
    expect(files).toEqual(["ca.pem", "cert.pem", "key.pem"]);
  });

  it("is changed once so that connections share one ssh login", async () => {
    const first = environmentFor(await endpointOf({ context: "remote" }, env), env);
    expect(first.PATH).toMatch(/\/host\/ssh:/);
    expect(environmentFor(await endpointOf({}, first), first)).toEqual(first);
  });
});

describe("under `pulumi up`", () => {
  const check = async (settings: DockerSettings, more: NodeJS.ProcessEnv) => {
    const theirs = { ...env, ...more };
    await requireOneEndpoint(settings, await endpointOf(settings, theirs), theirs);
  };

  it("accepts an environment that selects the stack's host", async () => {
    await check({}, { DOCKER_CONTEXT: "default" });
    await check({}, { DOCKER_HOST: "unix:///a.sock" });
    await check({ host: "unix:///a.sock" }, { DOCKER_HOST: "unix:///a.sock" });
    await check({}, { DOCKER_CONTEXT: "remote" });
  });

  it.each([
    ["the provider does not know the current context", {}, {}, "would use unix:///var/run/docker.sock"],
    ["builds ignore docker:host", { host: "unix:///a.sock" }, {}, "and builds would use unix:///home/me"],
    ["builds ignore docker:context", { context: "remote" }, {}, "and builds would use unix:///home/me"],
  ])("refuses where %s", async (_, settings, more, message) => {
    await expect(check(settings, more)).rejects.toThrow(message);
  });

  it("refuses a selected builder that exists, and ignores one that does not", async () => {
    const buildx = join(config, "buildx");
    const DOCKER_HOST = "unix:///a.sock";
    mkdirSync(join(buildx, "instances"), { recursive: true });
    writeFileSync(join(buildx, "current"), '{"Key":"unix:///a.sock","Name":"ci","Global":false}');
    await check({}, { DOCKER_HOST });
    writeFileSync(join(buildx, "instances", "ci"), "{}");
    await expect(check({}, { DOCKER_HOST })).rejects.toThrow('The buildx builder "ci" is selected');
    await check({}, environmentFor({ host: DOCKER_HOST, source: "" }, env));
    await expect(check({}, { DOCKER_HOST, BUILDX_BUILDER: "other" })).rejects.toThrow('"other" is selected');
  });
});

it("URLs contain the name of a remote host, but not the name of this machine", () => {
  const name = (host: string) => hostName({ host, source: "" });
  expect(name("unix:///var/run/docker.sock")).toBeUndefined();
  expect(name("ssh://deploy@rag.example.com:2222")).toBe("rag.example.com");
  expect(name("tcp://10.0.0.7:2376")).toBe("10.0.0.7");
});

it("programs get the variables that this process sets after it has chosen the Docker host", async () => {
  await useDocker({});
  vi.stubEnv("RAGDOCK_SERVICES", "postgres");
  try {
    expect(dockerEnvironment()).toMatchObject({ RAGDOCK_SERVICES: "postgres", DOCKER_CONTEXT: "" });
  } finally {
    vi.unstubAllEnvs();
  }
});
