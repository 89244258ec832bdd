/** Tests repeated runs, previews, outputs, a second stack, down and up. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { open } from "../../support/program.ts";
import { Rag } from "../../support/rag.ts";
import { docker, TestStack } from "../../support/stack.ts";
import { rag, settings, stack } from "./context.ts";

describe("a repeated run", () => {
  it("changes nothing, and reports that", async () => {
    const before = await stack.containers();
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    expect(output).toContain("Nothing created, updated or replaced");
    expect(await stack.containers()).toEqual(before);
    expect((await stack.make("preview")).output).toContain("Nothing would change.");
  });

  it("previews only the services of one edited setting", async () => {
    const alertmanager = { ...settings.services.alertmanager, port: 19_094 };
    stack.configure({ ...settings, services: { ...settings.services, alertmanager } });
    const { code, output } = await stack.make("preview");
    stack.configure(settings);
    expect(code, output).toBe(0);
    expect(output.match(/^[+~±-] .*/gm)).toEqual(["± container alertmanager: replace"]);
    expect(output).toContain("19094");
  });

  it("gives a service more memory without replacing it", async () => {
    const before = await stack.containers("worker");
    const services = { ...settings.services, worker: { limits: { memory: "1GiB" } } };
    stack.configure({ ...settings, services });
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    // Prometheus changes too, because its rules contain the limit.
    expect(output.match(/[+~±-] container [\w-]+: \w+/g)?.sort()).toEqual([
      "~ container worker: updated",
      "± container prometheus: replaced",
    ]);
    expect(await stack.containers("worker")).toEqual(before);
    const [{ HostConfig }] = JSON.parse(await docker("inspect", await stack.container("worker")));
    expect(HostConfig.Memory).toBe(2 ** 30);
  });

  it("prints its outputs as JSON, with the URLs that answer", async () => {
    const outputs = JSON.parse((await stack.make("outputs")).output);
    expect(Object.keys(outputs.urls).sort()).toEqual(["alertmanager", "api", "gateway", "prometheus", "ui"]);
    for (const url of [outputs.urls.gateway, `${outputs.urls.api}/health`, outputs.urls.prometheus]) {
      expect((await fetch(url)).status, url).toBe(200);
    }
  });
});

describe("a second stack", () => {
  const prod = new TestStack("e2e-prod", {
    system: "full",
    environment: "prod",
    ingress: open,
    images: "packages",
    services: { gateway: { port: 18_081 } },
  });
  const other = new Rag(18_081);
  const question = "What does the lighthouse keeper collect?";
  let before: string[] = [];

  beforeAll(async () => {
    before = await stack.containers();
    const { code, output } = await prod.make("up");
    expect(code, output).toBe(0);
    await other.upload("prod.txt", "text/plain", "The lighthouse keeper of Skagen collects barometers.");
  });
  afterAll(() => prod.remove());

  it("starts in prod next to the first one, and does not affect it", async () => {
    expect(await stack.containers()).toEqual(before);
    expect(await prod.containers("api")).toHaveLength(2);
    expect((await other.ask(question)).answer).toContain("barometers");
    expect(JSON.stringify((await rag.ask(question)).sources)).not.toContain("barometers");
    const [ingress] = JSON.parse(await docker("inspect", await prod.container("ingress")));
    expect(JSON.stringify(ingress.HostConfig.PortBindings)).toContain("0.0.0.0");
    expect(await prod.unchanged()).toBe("");
  });

  it("keeps its data after down, and has its documents after the next up", async () => {
    const volumes = await prod.volumes();
    const { code, output } = await prod.make("down");
    expect(code, output).toBe(0);
    expect(await prod.containers()).toEqual([]);
    expect(await prod.volumes()).toEqual(volumes);
    const again = await prod.make("up");
    expect(again.code, again.output).toBe(0);
    expect((await other.ask(question)).answer).toContain("barometers");
    expect(await prod.unchanged()).toBe("");
  });

  it("loses its data only after a confirmation with its name", async () => {
    const refused = await prod.make("destroy-data");
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("CONFIRM=e2e-prod");
    expect(await prod.volumes()).not.toEqual([]);
    const done = await prod.make("destroy-data", "--confirm", "e2e-prod");
    expect(done.code, done.output).toBe(0);
    expect(await prod.volumes()).toEqual([]);
  });
});
