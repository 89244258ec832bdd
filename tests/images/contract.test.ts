/**
 * Tests that the catalogue's facts about the official images are true for the stand-ins. It does
 * not prove that they are true for the official images: the facts were read in the images'
 * Dockerfiles.
 */
import { describe, expect, it } from "vitest";
import { images } from "../../config/images.ts";
import { declaredPorts, declaredVolumes, programsOf } from "../../config/spec/image.ts";
import { docker } from "../../host/docker.ts";
import { imageNamed, runToEnd, standIn, withContainer } from "../support/docker.ts";

/**
 * The options that each server needs to start. No dependency can be reached, but each server must
 * still be healthy.
 */
const starts: Record<string, { options?: string[]; command?: string[] }> = {
  postgres: { options: ["-e", "POSTGRES_PASSWORD=secret"] },
  "postgres-18": { options: ["-e", "POSTGRES_PASSWORD=secret"] },
  "postgres-exporter": { options: ["-e", "DATA_SOURCE_URI=nowhere:5432/x", "-e", "DATA_SOURCE_USER=x"] },
  "redis-exporter": { options: ["-e", "REDIS_ADDR=redis://nowhere:6379"] },
  "nginx-exporter": { command: ["--nginx.scrape-uri=http://nowhere/stub_status"] },
  nginx: { options: ["--tmpfs", "/run", "--tmpfs", "/var/cache/nginx"] },
};

const standIns = images.filter(({ standIn }) => "folder" in standIn).map(({ name }) => name);
/** Images that applications are built on. They start no server. */
const languages = ["node", "python"];
const servers = standIns.filter((name) => !languages.includes(name));

describe.each(servers)("%s", (name) => {
  const { healthcheck, user, metrics } = imageNamed(name);

  it("runs as its user by default, and passes the health check of the catalogue", async () => {
    await withContainer(name, { ...starts[name], restricted: false }, async (container) => {
      if (healthcheck) await container.healthy(healthcheck);
      // nginx keeps a master as root if it starts as root. Its workers change to another user.
      if (name !== "nginx") expect(await container.uid()).toBe(user);
      if (metrics) {
        const url = `http://127.0.0.1:${metrics.port}${metrics.path}`;
        await container.healthy(["wget", "-q", "-O", "/dev/null", url]);
      }
    });
  });

  // The default configuration of nginx writes to folders of root. nginx.test.ts runs nginx with those
  // of the services.
  it.skipIf(name === "nginx")("works with the user and the capabilities of its service", async () => {
    await withContainer(name, starts[name] ?? {}, async (container) => {
      if (healthcheck) await container.healthy(healthcheck);
      expect(await container.uid()).toBe(user);
      expect(await container.exec("grep", "CapBnd", "/proc/1/status")).toMatch(/\t0+$/);
    });
  });
});

it.each(servers.filter((name) => imageNamed(name).configPath))(
  "%s has the default configuration file of the official image",
  async (name) => {
    const path = imageNamed(name).configPath ?? "";
    const read = runToEnd(await standIn(name), ["--entrypoint", "cat"], [path]);
    expect(read.status, read.output).toBe(0);
  },
);

describe.each(standIns)("%s", (name) => {
  const image = imageNamed(name);
  const { official, standIn: how } = image;

  it("declares ports, volumes and entrypoint like the official image", async () => {
    const format = "{{json .Config}}";
    const text = await docker("image", "inspect", "--format", format, await standIn(name));
    const { ExposedPorts, Volumes, Entrypoint } = JSON.parse(text) as Record<string, object | null>;
    // The wrapped image declares the port, and the official one does not.
    const ports = image.wrapped ? [image.port] : declaredPorts(image);
    expect(Object.keys(ExposedPorts ?? {})).toEqual(ports.map((port) => `${port}/tcp`));
    expect(Object.keys(Volumes ?? {})).toEqual(declaredVolumes(image));
    const own = "folder" in how ? how.entrypoint : undefined;
    expect(Entrypoint ?? []).toEqual(own ?? official.entrypoint ?? []);
  });

  it("has the programs of the official image, and no HTTP client that the official image lacks", async () => {
    const has = programsOf(image);
    // Nothing in Ragdock uses curl, so a stand-in may lack it.
    const wanted = [...has].filter((program) => program !== "curl").sort();
    const clients = ["wget", "curl"].filter((client) => !has.has(client));
    const script = `for p in ${[...wanted, ...clients].join(" ")}; do command -v $p >/dev/null && echo $p; done; true`;
    const { output } = runToEnd(await standIn(name), ["--entrypoint", "sh"], ["-c", script]);
    expect(output.trim().split("\n")).toEqual(wanted);
  });
});

describe("every stand-in", () => {
  it.each(standIns)("%s keeps no package lists and no packages", async (name) => {
    const tag = await standIn(name);
    const left = runToEnd(
      tag,
      ["--entrypoint", "find", "--user", "0"],
      ["/var/lib/apt/lists", "/var/cache/apt/archives", "-type", "f", "!", "-name", "lock"],
    );
    expect(left).toEqual({ status: 0, output: "" });
  });
});

describe("python", () => {
  it("has python3 and python on PATH, and venv brings pip", async () => {
    const tag = await standIn("python");
    const script = "python --version && python3 -m venv /tmp/v && /tmp/v/bin/pip --version";
    const { status, output } = runToEnd(tag, [], ["sh", "-c", script]);
    expect(output).toMatch(/^Python 3\.13\.\d+\npip /);
    expect(status).toBe(0);
  });

  it("has a pip that installs without a virtual environment, as the official image does", async () => {
    const script = "pip install --quiet --root-user-action=ignore h11==0.16.0 && python -c 'import h11'";
    const { status, output } = runToEnd(await standIn("python"), ["--user", "0"], ["sh", "-c", script]);
    expect(output).not.toContain("externally-managed");
    expect(status, output).toBe(0);
  });
});

describe("node", () => {
  it("has the version of the official image, and npm and npx run", async () => {
    const script = "node --version && npm --version && npx --version";
    const { status, output } = runToEnd(await standIn("node"), [], ["sh", "-c", script]);
    const [, version] = /^node:([\d.]+)-/.exec(imageNamed("node").reference) ?? [];
    expect(output).toMatch(new RegExp(`^v${version}\n\\d+\\..*\n\\d+\\.`));
    expect(status).toBe(0);
  });
});
