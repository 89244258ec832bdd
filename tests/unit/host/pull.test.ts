/**
 * Tests which images are pulled, and the advice for those that cannot be pulled, with a stand-in
 * for the docker CLI. tests/slow/registry.test.ts pulls from a real registry.
 */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { baseAdvice } from "../../../cli/ui/diagnose.ts";
import { requiredImages } from "../../../components/image-plan.ts";
import { lockedReference } from "../../../config/images.ts";
import type { Failure } from "../../../config/spec/failure.ts";
import { pullImages } from "../../../host/pull.ts";
import { providerPullAdvice, pullAdvice } from "../../../host/pull-advice.ts";
import { imageNamed } from "../../support/docker.ts";
import { systemWith } from "../../support/program.ts";
import { toPulumi } from "../../support/reader.ts";

/**
 * A docker CLI that has the images in the file `there`, and can pull all images except those in
 * `refused`.
 */
const fakeDocker = `#!/bin/sh
cd "$(dirname "$0")"
if [ "$1" = image ]; then
  shift 4
  for name; do grep -qxF "$name" there || exit 1; done
else
  echo "$3" >> pulled
  grep -qxF "$3" refused || exit 0
  echo "Error response from daemon: no basic auth credentials" >&2
  exit 1
fi
`;

let folder = "";
const { PATH } = process.env;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ragdock-pull-"));
  writeFileSync(join(folder, "docker"), fakeDocker);
  chmodSync(join(folder, "docker"), 0o755);
  world({});
  process.env.PATH = `${folder}${delimiter}${PATH}`;
});
afterEach(() => {
  process.env.PATH = PATH;
  rmSync(folder, { recursive: true });
});

function world({ there = [], refused = [] }: { there?: string[]; refused?: string[] }): void {
  writeFileSync(join(folder, "there"), there.map((name) => `${name}\n`).join(""));
  writeFileSync(join(folder, "refused"), refused.map((name) => `${name}\n`).join(""));
}

const pulled = (): string[] =>
  existsSync(join(folder, "pulled"))
    ? readFileSync(join(folder, "pulled"), "utf8").trim().split("\n").sort()
    : [];
const silent = { except: [], say: () => undefined };
const store = { reference: "quay.io/a/store:1", pulls: ["quay.io/a/store:1"] };
const app = { reference: "ragdock/app:0123456789ab", pulls: ["python:3", "quay.io/a/store:1"] };

describe("images that a stack needs", () => {
  it("are pulled once if Docker has none of them", async () => {
    await pullImages([store, app], silent);
    expect(pulled()).toEqual(["python:3", "quay.io/a/store:1"]);
  });

  it("are not pulled if Docker has them", async () => {
    world({ there: [store.reference, app.reference, "python:3"] });
    await pullImages([store, app], silent);
    expect(pulled()).toEqual([]);
  });

  it("are pulled as bases, if the image built on them is gone", async () => {
    world({ there: [store.reference], refused: ["python:3"] });
    await expect(pullImages([store, app], silent)).rejects.toThrow("python:3: no basic auth credentials");
    expect(pulled()).toEqual(["python:3"]);
  });

  it("the base of an existing image is pulled, and a failed pull does not stop the run", async () => {
    world({ there: [store.reference, app.reference], refused: ["python:3"] });
    const said: string[] = [];
    await pullImages([store, app], { except: [], say: (line) => said.push(line) });
    expect(said).toEqual(["pulling python:3", "python:3 could not be pulled. No build needs it now."]);
  });

  it("are pulled by the provider if docker:registryAuth has their registry", async () => {
    await pullImages([store, app], { ...silent, except: ["quay.io"] });
    expect(pulled()).toEqual(["python:3"]);
  });

  it("are all named if they cannot be pulled, with the command that fixes it", async () => {
    world({ refused: [store.reference, "python:3"] });
    const failure = (await pullImages([store, app], silent).catch((error) => error)) as Failure;
    expect(failure.message.split("\n").sort()).toEqual([
      "  python:3: no basic auth credentials",
      "  quay.io/a/store:1: no basic auth credentials",
      "Images could not be pulled. Nothing was changed:",
    ]);
    expect(failure.advice).toMatch(/docker login$/m);
    expect(failure.advice).toMatch(/docker login quay\.io$/m);
  });
});

describe("the images of m31", () => {
  const required = (raw: Record<string, unknown>) =>
    requiredImages(systemWith({ system: "m31", ...raw }), {
      project: "ragdock",
      images: "registry",
      registry: undefined,
      pinned: {},
      baseImage: "ragdock/base:test",
      ...raw,
    }).flatMap(({ pulls }) => pulls);

  it("come from their registries, Python as a base of the application", () => {
    const official = ["redis", "python"].map((name) =>
      lockedReference(imageNamed(name).reference, undefined),
    );
    expect(required({ images: "registry" })).toEqual(expect.arrayContaining(official));
  });

  it("are not pulled if they are built from packages, unless one is pinned", () => {
    expect(required({ images: "packages" })).toEqual([]);
    expect(required({ images: "packages", pinned: { redis: "my/redis:1" } })).toEqual(["my/redis:1"]);
  });

  it("include both images that a wrapped image is built from", () => {
    const raw = { system: "full", images: "registry" };
    expect(required(raw)).toEqual(
      expect.arrayContaining(["busybox:1.37.0", imageNamed("nginx-exporter").reference]),
    );
  });
});

describe("the advice", () => {
  const image = "registry.example.org/mirror/redis:8";
  it.each([
    [image, "no basic auth credentials", "docker login registry.example.org"],
    [image, "unauthorized: authentication required", "docker login registry.example.org"],
    [
      "redis:8",
      "pull access denied for redis, repository does not exist or may require 'docker login'",
      "docker login",
    ],
    ["redis:8", "toomanyrequests: You have reached your pull rate limit.", "docker login"],
    [
      image,
      "manifest for registry.example.org/mirror/redis:8 not found: manifest unknown",
      `docker push ${image}`,
    ],
    [image, "http: server gave HTTP response to HTTPS client", "insecure-registries"],
    [
      image,
      "tls: failed to verify certificate: x509: certificate signed by unknown authority",
      "/etc/docker/certs.d/registry.example.org/ca.crt",
    ],
    [image, "no matching manifest for linux/arm64/v8 in the manifest list entries", "another tag"],
    [image, "dial tcp: lookup registry.example.org: no such host", "ragdock:images packages"],
    [image, 'error getting credentials - err: exec: "docker-credential-pass"', "credHelpers"],
    [image, "write /var/lib/docker/tmp/x: no space left on device", "make prune"],
    ["ragdock/app:0123456789ab", "pull access denied for ragdock/app", "ragdock:pinned"],
  ])("for %s: %s", (reference, reason, advice) => {
    expect(toPulumi(pullAdvice(reference, reason))).toContain(advice);
  });
});

describe("a build whose base image cannot be pulled", () => {
  it("has advice for its base image, and another failed build has none", () => {
    const log = [
      "#3 [internal] load metadata for docker.io/library/python:3",
      "#4 [internal] load metadata for registry.example.org/team/base:1",
      "#5 [auth] team/base:pull token for registry.example.org",
      "#3 DONE 0.4s",
      "#4 ERROR: pulling from host registry.example.org failed with status code [manifests 1]: 401 Unauthorized",
    ];
    expect(baseAdvice(log)).toEqual([expect.stringMatching(/docker login registry\.example\.org$/m)]);
    expect(baseAdvice(["#7 [2/3] RUN false", "#7 ERROR: exit code: 1"])).toEqual([]);
  });

  it("says what a Dockerfile needs to build without a registry", () => {
    const log = [
      "#3 [internal] load metadata for docker.io/library/python:3.12",
      "#3 ERROR: failed to do request: dial tcp: lookup registry-1.docker.io: no such host",
    ];
    const fix = "ARG PYTHON_IMAGE=python:3.12 and FROM ";
    expect(baseAdvice(log)).toEqual([expect.stringContaining(fix)]);
    const [packages] = baseAdvice(log, "packages");
    expect(packages).toContain(fix);
    expect(packages).not.toContain("images");
    expect(baseAdvice(log.map((line) => line.replace("python:", "nginx:")))).toEqual([
      expect.not.stringContaining("PYTHON_IMAGE"),
    ]);
  });
});

describe("the advice for what the provider could not pull", () => {
  it("names the login for the registry in the provider's error", () => {
    const error =
      "ragdock-prod-image-web (docker:index/remoteImage:RemoteImage): Unable to read Docker image into resource: unable to pull image registry.example.org:5000/team/web:1: error pulling image registry.example.org:5000/team/web:1: no basic auth credentials";
    expect(providerPullAdvice(error)).toContain("docker login registry.example.org:5000");
    expect(providerPullAdvice("port is already allocated")).toBeUndefined();
  });
});
