/**
 * Tests that Ragdock reports resources that were changed, stopped or removed by hand, and that `up`
 * repairs them.
 */
import { describe, expect, it } from "vitest";
import { docker } from "../../support/stack.ts";
import { rag, stack } from "./context.ts";

describe("drift", () => {
  it("is absent after an up, and the exit code is 0", async () => {
    const { code, output } = await stack.make("drift");
    expect(code, output).toBe(0);
  });

  it("names a container whose memory was changed by hand, and `up` with a refresh repairs it", async () => {
    const ui = await stack.container("ui");
    await docker("update", "--memory", "400m", "--memory-swap", "-1", ui);
    const { code, output } = await stack.make("drift");
    expect(code, output).toBe(1);
    expect(output).toMatch(/container ui/);
    const repaired = await stack.make("up", "--refresh");
    expect(repaired.code, repaired.output).toBe(0);
    const memory = (await docker("inspect", "--format", "{{.HostConfig.Memory}}", ui)).trim();
    expect(Number(memory)).toBe(512 * 2 ** 20);
  });

  it("names a removed network, and up creates it again with all its containers", async () => {
    const network = "ragdock-e2e-app";
    const format = "{{range .Containers}}{{.Name}} {{end}}";
    const members = (await docker("network", "inspect", "--format", format, network)).trim().split(" ");
    for (const name of members) await docker("network", "disconnect", "--force", network, name);
    await docker("network", "rm", network);
    const { code, output } = await stack.make("drift");
    expect(code, output).toBe(1);
    expect(output).toMatch(/network app/);
    const repaired = await stack.make("up");
    expect(repaired.code, repaired.output).toBe(0);
    expect((await stack.make("drift")).code).toBe(0);
    expect((await rag.get("/api/documents")).status).toBe(200);
  });

  it("names a container that was disconnected from a network, and up replaces it", async () => {
    const worker = await stack.container("worker");
    await docker("network", "disconnect", "ragdock-e2e-postgres", worker);
    const { code, output } = await stack.make("drift");
    expect(code, output).toBe(1);
    expect(output).toMatch(/container worker/);
    const repaired = await stack.make("up");
    expect(repaired.code, repaired.output).toBe(0);
    expect(await stack.container("worker")).not.toBe(worker);
    expect(await stack.unchanged()).toBe("");
  });

  it("names a stopped and a removed container, and up repairs both", async () => {
    await docker("stop", await stack.container("ui"));
    await docker("rm", "-f", await stack.container("blackbox-exporter"));
    const { code, output } = await stack.make("drift");
    expect(code, output).toBe(1);
    expect(output).toMatch(/container ui/);
    expect(output).toMatch(/container blackbox-exporter/);
    const repaired = await stack.make("up");
    expect(repaired.code, repaired.output).toBe(0);
    expect((await stack.make("drift")).code).toBe(0);
  });
});
