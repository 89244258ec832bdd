/**
 * Tests `images: registry` with a real registry on this host, which demands a login and serves the
 * stand-ins under the official names, as a mirror. Each system is brought up from it. `SYSTEM=m31`
 * runs one system alone. It does not prove that the official images work, because none was pulled.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systems } from "../../config/systems/index.ts";
import { standIn } from "../support/docker.ts";
import { systemWith, unwatched } from "../support/program.ts";
import { account, secretTexts, TestRegistry } from "../support/registry.ts";
import { docker, TestStack } from "../support/stack.ts";

const registry = new TestRegistry(18_790);
const { host, mirror } = registry;
const chosen = process.env.SYSTEM ? [process.env.SYSTEM] : Object.keys(systems);

beforeAll(() => registry.start());
afterAll(() => registry.stop());

describe.each(chosen)("%s", (system) => {
  it("is pulled from the mirror with the login, becomes healthy, and keeps no password", async () => {
    const settings = registry.settingsOf(system);
    await registry.serveSystem(settings);
    const stack = new TestStack(`e2e-registry-${system}`, settings);
    stack.variables = { DOCKER_CONFIG: registry.loggedIn };
    try {
      const { code, output } = await stack.make("up");
      expect(code, output).toBe(0);
      for (const { image, name } of systemWith(settings).services) {
        if (image.from !== "catalogue" || image.image.wrapped) continue;
        const [id = ""] = await stack.containers(name);
        const ran = (await docker("inspect", "--format", "{{.Image}}", id)).trim();
        const tags = await docker("image", "inspect", "--format", "{{.RepoTags}}", ran);
        expect(tags, name).toContain(registry.mirrored(image.image.reference));
      }
      expect(await stack.unchanged()).toBe("");
      for (const text of secretTexts) expect(output + stack.stateText()).not.toContain(text);
    } finally {
      await stack.remove();
    }
  });
});

describe("a stack whose images cannot be pulled", () => {
  const settings = registry.settingsOf("m31");
  const stack = new TestStack("e2e-registry-refused", settings);
  beforeAll(() => registry.serveSystem(settings));
  afterAll(() => stack.remove());

  it("is not changed without a login, and the error has the command that logs in", async () => {
    await registry.forget();
    stack.variables = { DOCKER_CONFIG: registry.anonymous };
    const { code, output } = await stack.make("up");
    expect(code).toBe(1);
    expect(output).toContain("Images could not be pulled. Nothing was changed:");
    expect(output).toMatch(new RegExp(`  ${mirror}/redis:\\S+: .*no basic auth credentials`));
    expect(output).toContain(`docker login ${host}\n`);
    expect(await stack.containers()).toEqual([]);
  });

  it("names the image that the registry does not have", async () => {
    const redis = registry.mirrored("redis:0.0.1");
    stack.variables = { DOCKER_CONFIG: registry.loggedIn };
    stack.configure({ ...settings, pinned: { redis } });
    const { code, output } = await stack.make("up");
    stack.configure(settings);
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`  ${redis}: .*(not found|manifest unknown)`));
    expect(output).toContain(`${host} does not have ${redis}.`);
    expect(await stack.containers()).toEqual([]);
  });

  it("gets its login from a credential helper", async () => {
    await registry.forget();
    stack.variables = registry.helper();
    const { code, output } = await stack.make("build");
    expect(code, output).toBe(0);
  });

  it("is pulled by the provider, if docker:registryAuth has the registry", async () => {
    await registry.forget();
    stack.variables = { DOCKER_CONFIG: registry.anonymous };
    const pinned = { python: await standIn("python") };
    const login = { address: host, username: account.user, password: account.password };
    stack.configure({ ...settings, pinned }, { "docker:registryAuth": [login] });
    const { code, output } = await stack.make("build");
    expect(code, output).toBe(0);
  });
});

describe("an application that is built on an image of the registry", () => {
  const stack = new TestStack("e2e-registry-build", {});
  afterAll(() => stack.remove());

  it("is built with the same login, and the error without it has the command that logs in", async () => {
    const base = registry.mirrored("team/base:1");
    const source = join(registry.folder, "application");
    mkdirSync(source);
    writeFileSync(join(source, "Dockerfile"), `FROM ${base}\nCMD ["sleep", "1d"]\n`);
    await registry.serve(await standIn("redis"), base);
    // No other image needs a login.
    const others = ["postgres", "redis", "nginx", "python"].map(async (name) => [name, await standIn(name)]);
    const pinned = Object.fromEntries(await Promise.all(others));
    const images = { images: "registry", registry: mirror, pinned };
    stack.configure({ system: "full", ...images, app: { source }, services: unwatched });
    stack.variables = { DOCKER_CONFIG: registry.anonymous };
    const refused = await stack.make("build");
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(`docker login ${host}\n`);
    stack.variables = { DOCKER_CONFIG: registry.loggedIn };
    const { code, output } = await stack.make("build");
    expect(code, output).toBe(0);
  });
});
