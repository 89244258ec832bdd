/**
 * Tests that Dockerfiles which cannot read the lock of Python packages pin the same packages, and
 * that those of the applications build and have health checks without Ragdock. Does not build them.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Built, imageName } from "../../config/spec/image.ts";
import { type LongRunning, longRunning } from "../../config/spec/service.ts";
import { seconds } from "../../config/spec/units.ts";
import { systems } from "../../config/systems/index.ts";
import { systemWith } from "../support/program.ts";

/** Returns the pinned packages in a text, with their hashes: `name==version` → hashes. */
const pins = (text: string): Record<string, string[]> =>
  Object.fromEntries(
    [...text.matchAll(/([a-z0-9-]+==[0-9.]+)((?:[\s\\]+--hash=sha256:[0-9a-f]{64})+)/g)].map(
      ([, name = "", hashes = ""]) => [name, hashes.match(/[0-9a-f]{64}/g) ?? []],
    ),
  );

it("the builder of own applications has uv and the servers as the lock pins them", () => {
  const folder = "dockerfiles/application-builder";
  const [tools, servers] = ["tools.txt", "servers.txt"].map((file) =>
    pins(readFileSync(`${folder}/${file}`, "utf8")),
  );
  const names = (pinned = {}) => Object.keys(pinned).map((pin) => pin.split("==")[0]);
  expect(names(tools)).toEqual(["uv"]);
  expect(names(servers)).toEqual(["click", "gunicorn", "h11", "packaging", "uvicorn"]);
  expect(pins(readFileSync("app/requirements.lock", "utf8"))).toMatchObject({ ...tools, ...servers });
});

/** The first service of each image that is built from a Dockerfile of an application. */
const applications = new Map(
  Object.keys(systems)
    .flatMap((system) => longRunning(systemWith({ system }).services))
    .filter(({ role, image }) => image.from === "build" && ["api", "ui", "postgres"].includes(role))
    .toReversed()
    .map((service): [string, LongRunning] => [imageName(service.image), service]),
);

it("the Dockerfiles build nine images", () => {
  expect([...applications.keys()].sort()).toEqual(
    [
      "app",
      "financerag",
      "m31-web",
      "mnemolite",
      "mnemolite-db",
      "myrag-api",
      "myrag-ui",
      "rag-events",
      "ui",
    ].sort(),
  );
});

describe.each([...applications])("the Dockerfile of %s", (_, { image, healthcheck }) => {
  const text = readFileSync((image as Built).dockerfile, "utf8");

  it("has defaults for its arguments, and commands that build and run it", () => {
    const declared = text.match(/^ARG .*/gm) ?? [];
    expect(declared.length).toBeGreaterThan(0);
    for (const line of declared) expect(line).toMatch(/^ARG \w+=.+/);
    expect(text).toMatch(/^# {3}docker build -t ragdock\/\S+:local .*/m);
    expect(text).toMatch(/^# {3}docker run (--rm -p|-d --name) \S+/m);
  });

  it("has the health check of its service", () => {
    const [, options = "", command = ""] = /^HEALTHCHECK (.*) CMD (\[.*\])$/m.exec(text) ?? [];
    expect(options).toBe(
      [
        `--interval=${seconds(healthcheck.interval)}s --timeout=${seconds(healthcheck.timeout)}s`,
        ...[`--start-period=${seconds(healthcheck.startPeriod)}s`, `--retries=${healthcheck.retries}`],
      ].join(" "),
    );
    const asked = /(\d{4})\D*?(\/[\w/]+)/.exec(command);
    const [port, path] = asked?.slice(1) ?? [];
    const own = healthcheck.test.join(" ");
    if (port && path) expect(own).toContain(`127.0.0.1:${port}${path}`);
    else {
      const words = JSON.parse(command) as string[];
      expect(own.replace("python3 ", "python ")).toContain(words.join(" "));
    }
  });
});
