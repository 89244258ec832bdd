/** Tests the message about the log of a failed build. The logs are those of BuildKit, shortened. */
import { describe, expect, it } from "vitest";
import { buildFailure } from "../../../cli/ui/build-log.ts";
import { failedBuild } from "../../../cli/ui/diagnose.ts";
import { toPulumi } from "../../support/reader.ts";

const ours = 'RUN --mount=type=cache,target=/root/.cache/uv install-application dependencies "requirements"';

/** A log in which the second step fails with this output. */
const log = (output: string, step = ours): string[] => [
  "#1 [internal] load build definition from Dockerfile",
  "#1 DONE 0.0s",
  "#7 [builder 3/5] WORKDIR /app",
  "#7 CACHED",
  `#8 [builder 4/5] ${step}`,
  ...output.split("\n").map((line, index) => `#8 ${index}.123 ${line}`),
  "#8 ERROR: executor failed running [/bin/sh -c install-application]: exit code: 1",
  "------",
  ` > [builder 4/5] ${step}:`,
  "------",
];

const failureOf = (output: string, step?: string) => {
  const failure = buildFailure("app-web", log(output, step));
  return failure && { ...failure, ...(failure.fix ? { fix: toPulumi(failure.fix) } : {}) };
};

describe("a failed build", () => {
  it.each([
    [
      "of a package that needs a library",
      "  × Failed to build `psycopg2==2.9.9`\n  ├─▶ The build backend returned an error\n  ╰─▶ Call to `setuptools.build_meta` failed\n      Error: pg_config executable not found.\n      pg_config is required to build psycopg2 from source.",
      "the package psycopg2==2.9.9 could not be built: Error: pg_config executable not found.",
      "Add Debian's package libpq-dev: pulumi config set --path 'ragdock:apps.web.build.packages[0]' libpq-dev",
    ],
    [
      "of a header",
      "  × Failed to build `pyaudio==0.2.14`\n      src/device_api.c:9:10: fatal error: portaudio.h: No such file or directory\n      error: command '/usr/bin/gcc' failed with exit code 1",
      "the package pyaudio==0.2.14 could not be built: src/device_api.c:9:10: fatal error: portaudio.h: No such file or directory",
      "portaudio19-dev",
    ],
    [
      "of an old package",
      "  × Failed to build `numpy==1.24.0`\n      AttributeError: module 'pkgutil' has no attribute 'ImpImporter'",
      "the package numpy==1.24.0 could not be built: AttributeError: module 'pkgutil' has no attribute 'ImpImporter'",
      "A newer version of the package may have a wheel",
    ],
    [
      "of versions that contradict each other",
      "  × No solution found when resolving dependencies:\n  ╰─▶ Because only flask<=3.1.3 is available and you require flask==9, we can\n      conclude that your requirements are unsatisfiable.",
      "Because only flask<=3.1.3 is available and you require flask==9",
      undefined,
    ],
    [
      "of an index that is out of reach",
      "error: Request failed after 3 retries\n  cause: error sending request for url (https://download.pytorch.org/whl/cpu/torch/)\n  cause: dns error",
      "cause: dns error",
      "TORCH_BACKEND=none",
    ],
    [
      "of npm",
      "npm error code E404\nnpm error 404 Not Found - GET https://registry.npmjs.org/no-such - Not found",
      "npm: E404: 404 Not Found - GET https://registry.npmjs.org/no-such - Not found",
      undefined,
    ],
    [
      "of a package of Debian",
      "E: Unable to locate package libnothing",
      "Debian has no package libnothing",
      "build.packages",
    ],
  ])("names the cause first, and then the fix: %s", (_, output, cause, fix) => {
    expect(failureOf(output)).toMatchObject({ cause, step: ours });
    if (fix === undefined) expect(failureOf(output)).not.toHaveProperty("fix");
    else expect(failureOf(output)?.fix).toContain(fix);
  });

  it("of the user's own Dockerfile says what to write into it", () => {
    const compiler =
      "Failed to build ujson\n  error: subprocess-exited-with-error\n  × Building wheel for ujson (pyproject.toml) did not run successfully.\n      building 'ujson' extension\n      error: [Errno 2] No such file or directory: 'x86_64-linux-gnu-g++'\n      [end of output]\n  ERROR: Failed building wheel for ujson";
    expect(failureOf(compiler, "RUN pip install -r requirements.txt")).toMatchObject({
      cause:
        "the package ujson could not be built: error: [Errno 2] No such file or directory: 'x86_64-linux-gnu-g++'",
      fix: "Add this to the Dockerfile, before that step: RUN apt-get update && apt-get install -y build-essential",
    });
    expect(failureOf("/bin/sh: 1: pip: not found", "RUN pip install flask")).toMatchObject({
      cause: "the image has no program pip",
      fix: expect.stringContaining("PYTHON_IMAGE"),
    });
  });

  const npmStep = "RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund";
  const npmLog = (name: string, script: string, lines: string): string =>
    `npm error code 1\nnpm error path /app/node_modules/${name}\nnpm error command failed\nnpm error command sh -c ${script}\n${lines}`;

  it.each([
    [
      "a library",
      npmLog(
        "canvas",
        "prebuild-install -r napi || node-gyp rebuild",
        "npm error gyp: Call to 'pkg-config pixman-1 --libs' returned exit status 1 while in binding.gyp.\nnpm error gyp ERR! stack Error: `gyp` failed with exit code: 1",
      ),
      "the package canvas could not be built: the library pixman-1 is missing",
      "Add Debian's package libpixman-1-dev: pulumi config set --path 'ragdock:apps.web.build.packages[0]' libpixman-1-dev",
    ],
    [
      "a header that no list knows",
      npmLog(
        "@acme/fast",
        "node-gyp rebuild",
        "npm error ../src/a.cc:1:10: fatal error: acme.h: No such file or directory",
      ),
      "the package @acme/fast could not be built: the header acme.h is missing",
      "Add the Debian package that contains acme.h.",
    ],
    [
      "a compiler",
      npmLog(
        "bcrypt",
        "node-gyp rebuild",
        "npm error gyp ERR! stack Error: Could not find any Python installation to use",
      ),
      "the package bcrypt could not be built: node-gyp needs Python and a compiler",
      "'ragdock:apps.web.build.packages[0]' python3 && pulumi config set --path 'ragdock:apps.web.build.packages[1]' build-essential",
    ],
    [
      "another version of Node",
      npmLog(
        "better-sqlite3",
        "prebuild-install || node-gyp rebuild",
        "npm error ./src/x.cpp:9:2: error: 'class v8::Context' has no member named 'GetIsolate'",
      ),
      "the package better-sqlite3 could not be built: its code does not compile for this version of Node",
      ".nvmrc",
    ],
    [
      "the headers of Node",
      npmLog(
        "bcrypt",
        "node-gyp rebuild",
        "npm error gyp ERR! stack FetchError: request to https://nodejs.org/download/release/v24.1.0/node-v24.1.0-headers.tar.gz failed, reason: getaddrinfo ENOTFOUND nodejs.org",
      ),
      "the package bcrypt could not be built: the headers of Node at nodejs.org cannot be reached",
      "Check the network",
    ],
    [
      "something unknown",
      npmLog("left", "node install.js", "npm error oops"),
      "the package left could not be built: its install script failed: sh -c node install.js",
      "prebuilt binary",
    ],
  ])("of a native package of npm that needs %s names the package and what to do", (_, output, cause, fix) => {
    expect(failureOf(output, npmStep)).toMatchObject({ cause, fix: expect.stringContaining(fix) });
  });

  it("of npm in the user's own Dockerfile says what to write into it", () => {
    const output = npmLog("bcrypt", "node-gyp rebuild", "npm error gyp ERR! stack Error: not found: make");
    expect(failureOf(output, "RUN npm ci")?.fix).toBe(
      "Add this to the Dockerfile, before that step: RUN apt-get update && apt-get install -y python3 build-essential",
    );
  });

  it("without a known error has the last line of its step", () => {
    expect(failureOf("one\ntwo\n")).toMatchObject({ cause: "two" });
    expect(buildFailure("app", ["ERROR: failed"])).toBeUndefined();
  });

  it("is described by the last build only, if the log has earlier ones", () => {
    const begin = '#0 building with "default" instance using docker driver';
    const first = [begin, ...log("E: Unable to locate package nothing")];
    const text = failedBuild("app-web", "/logs/app-web.log", [...first, begin, ...log("one\ntwo")]);
    expect(text.split("\n")[0]).toBe("The image app-web could not be built: two");
    expect(text).not.toContain("nothing");
  });

  it("is described by the cause, the step and the fix before the log", () => {
    const lines = failedBuild(
      "app-web",
      "/logs/app-web.log",
      log("E: Unable to locate package nothing"),
    ).split("\n");
    expect(lines.slice(0, 3)).toEqual([
      "The image app-web could not be built: Debian has no package nothing",
      `  Step: ${ours}`,
      expect.stringMatching(/^ {2}Fix: .*build\.packages/),
    ]);
    expect(lines.at(-2)).toBe("  The end of the output of that step (the whole log: /logs/app-web.log):");
  });
});
