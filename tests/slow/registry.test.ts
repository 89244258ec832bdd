/**
 * Tests `images: registry` with a real registry on this host, which serves the stand-ins under the
 * official names, as a mirror. The system is m31; `SYSTEM=full` tests another one by hand. It does
 * not prove that the official images work, because none was pulled.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lockedReference } from "../../config/images.ts";
import type { CatalogueImage, ImageSource } from "../../config/spec/image.ts";
import type { ServiceSpec } from "../../config/spec/service.ts";
import { docker } from "../../host/docker.ts";
import { standIn } from "../support/docker.ts";
import { systemWith } from "../support/program.ts";
import { eventually, TestStack } from "../support/stack.ts";

const mirror = "localhost:18790/mirror";
const system = process.env.SYSTEM ?? "m31";
const hasStandIn = ({ image }: ServiceSpec): boolean =>
  image.from !== "catalogue" || !("unavailable" in image.image.standIn || image.image.wrapped);
/** Services without a stand-in that is like the official image. */
const off = Object.fromEntries(
  systemWith({ system, images: "registry" })
    .services.filter((service) => !hasStandIn(service))
    .map(({ name }) => [name, { enabled: false }]),
);
const settings = { system, images: "registry", registry: mirror, services: off };
const stack = new TestStack("e2e-registry", settings);
const folder = mkdtempSync(join(tmpdir(), "ragdock-registry-"));
let registry: ChildProcess;

function catalogue(source: ImageSource): CatalogueImage[] {
  if (source.from === "catalogue") return [source.image];
  return source.from === "build" ? (source.bases ?? []).flatMap(catalogue) : [];
}

/** The images of the catalogue that the system pulls or builds on. */
const wanted = new Map(
  systemWith(settings)
    .services.flatMap(({ image }) => catalogue(image))
    .map((image) => [image.name, image]),
);

beforeAll(async () => {
  const config = join(folder, "config.yml");
  const storage = `storage: { filesystem: { rootdirectory: ${folder} } }`;
  writeFileSync(
    config,
    `version: 0.1\n${storage}\nhttp: { addr: "127.0.0.1:18790" }\nlog: { level: error }\n`,
  );
  registry = spawn("docker-registry", ["serve", config], { stdio: "ignore" });
  await eventually(async () => ((await fetch("http://127.0.0.1:18790/v2/")).ok ? true : undefined), 20);
  for (const { name, reference } of wanted.values()) {
    const mirrored = lockedReference(reference, mirror).replace(/@.*/, "");
    await docker("tag", await standIn(name), mirrored);
    await docker("push", "-q", mirrored);
    // The stack has to pull the image.
    await docker("rmi", mirrored);
  }
});

afterAll(async () => {
  await stack.remove();
  registry.kill();
  rmSync(folder, { recursive: true });
});

describe(`${system} from a registry`, () => {
  it("is pulled from the mirror and becomes healthy", async () => {
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    const ids = await stack.containers("redis");
    const [image = ""] = (await docker("inspect", "--format", "{{.Image}}", ...ids)).trim().split("\n");
    expect(await docker("image", "inspect", "--format", "{{.RepoTags}}", image)).toContain(
      `${mirror}/redis:`,
    );
    expect(await stack.unchanged()).toBe("");
  });

  it("names the image that cannot be pulled, and the reason", async () => {
    stack.configure({ ...settings, pinned: { redis: `${mirror}/redis:0.0.1` } });
    const { code, output } = await stack.make("up");
    expect(code).toBe(1);
    expect(output).toContain(`${mirror}/redis:0.0.1`);
    expect(output).toMatch(/not found|manifest unknown/);
    stack.configure(settings);
  });
});
