/** Tests the running stack: its targets, rules, panels, ports, limits and secrets. */
import { beforeAll, describe, expect, it } from "vitest";
import { dashboardQueries } from "../../../monitoring/index.ts";
import { eventually } from "../../../tools/eventually.ts";
import { systemWith } from "../../support/program.ts";
import { docker, logOf } from "../../support/stack.ts";
import { port, prometheus, prometheusPort, rag, settings, stack } from "./context.ts";

describe("monitoring", () => {
  // Without a document and a question, the panels of ingestion and answers have no data.
  beforeAll(async () => {
    await rag.upload("windmill.txt", "text/plain", "The windmill of Lisse grinds mustard seeds.");
    await rag.ask("What does the windmill grind?");
  });

  it("has every target up", async () => {
    await eventually(async () => {
      const { activeTargets } = await prometheus<{
        activeTargets: { health: string; labels: { job: string } }[];
      }>("targets");
      expect(activeTargets.length).toBeGreaterThan(10);
      expect(activeTargets.filter((t) => t.health !== "up").map((t) => t.labels.job)).toEqual([]);
      return true;
    });
  });

  it("loads the alert rules, and none of them fails", async () => {
    type Groups = { groups: { rules: { type: string; health: string; name: string }[] }[] };
    const { groups } = await prometheus<Groups>("rules?type=alert");
    const rules = groups.flatMap((g) => g.rules);
    expect(rules.length).toBeGreaterThan(10);
    expect(rules.filter((r) => r.health === "err")).toEqual([]);
  });

  it("has data for every panel of every dashboard", async () => {
    const queries = dashboardQueries(systemWith(settings, { stack: stack.name }).services);
    expect(queries.length).toBeGreaterThan(15);
    const empty = await eventually(async () => {
      const without: string[] = [];
      for (const { dashboard, panel, expr } of queries) {
        const { result } = await prometheus<{ result: unknown[] }>(`query?query=${encodeURIComponent(expr)}`);
        if (result.length === 0) without.push(`${dashboard} / ${panel}: ${expr}`);
      }
      if (without.length > 0) throw new Error(`no data:\n${without.join("\n")}`);
      return without;
    }, 90);
    expect(empty).toEqual([]);
  });
});

describe("the network", () => {
  it("publishes the ingress and the consoles, on loopback only", async () => {
    const published: string[] = [];
    for (const id of await stack.containers()) {
      const [container] = JSON.parse(await docker("inspect", id));
      for (const bindings of Object.values(
        container.NetworkSettings.Ports as Record<string, { HostIp: string; HostPort: string }[] | null>,
      )) {
        for (const { HostIp, HostPort } of bindings ?? []) published.push(`${HostIp}:${HostPort}`);
      }
    }
    expect(published.sort()).toEqual(
      [`127.0.0.1:${port}`, `127.0.0.1:${prometheusPort}`, "127.0.0.1:19093"].sort(),
    );
  });

  it("contains only containers with limits, rotated logs, a health check and no new privileges, and runs as root only where needed", async () => {
    const root: string[] = [];
    for (const id of await stack.containers()) {
      const [{ HostConfig, Config }] = JSON.parse(await docker("inspect", id));
      const service = Config.Labels["ragdock.service"];
      expect(HostConfig.Memory, service).toBeGreaterThan(0);
      expect(HostConfig.NanoCpus, service).toBeGreaterThan(0);
      expect(HostConfig.LogConfig, service).toMatchObject({
        Type: "json-file",
        Config: { "max-file": "3", "max-size": "10m" },
      });
      expect(HostConfig.SecurityOpt, service).toContain("no-new-privileges:true");
      expect(HostConfig.CapDrop, service).toEqual(["ALL"]);
      expect(HostConfig.CapAdd ?? [], service).toEqual([]);
      if (service === "ui") expect(HostConfig.ReadonlyRootfs).toBe(true);
      if (Config.Labels["ragdock.kind"] !== "job")
        expect(Config.Healthcheck?.Test?.length, service).toBeGreaterThan(1);
      if (!Config.User || Config.User.startsWith("0")) root.push(service);
    }
    expect(root).toEqual([]);
  });
});

describe("secrets", () => {
  it("do not appear in inspect output, image history, logs, previews or the state in clear text", async () => {
    const shown = JSON.parse((await stack.make("outputs", "--show-secrets")).output);
    // The user name is not secret, although the state stores it as a secret.
    const secrets = Object.entries(shown.credentials as Record<string, string>);
    const values = secrets.flatMap(([name, value]) => (name.endsWith("-user") ? [] : [value]));
    expect(values.length).toBeGreaterThanOrEqual(2);
    expect(values.every((value) => /^[A-Za-z0-9]{32}$/.test(value))).toBe(true);

    const places: Record<string, string> = {
      outputs: (await stack.make("outputs")).output,
      preview: (await stack.make("preview")).output,
      status: (await stack.make("status")).output,
    };
    for (const id of await stack.containers()) {
      const inspected = await docker("inspect", id);
      const [{ Config, Image }] = JSON.parse(inspected);
      const service = Config.Labels["ragdock.service"];
      places[`inspect of ${service}`] = inspected;
      places[`log of ${service}`] = await logOf(id);
      places[`image of ${service}`] =
        (await docker("history", "--no-trunc", Image)) + (await docker("inspect", Image));
    }
    places.state = stack.stateText();
    const found = Object.entries(places).filter(([, text]) => values.some((value) => text.includes(value)));
    expect(found.map(([place]) => place)).toEqual([]);
  });
});
