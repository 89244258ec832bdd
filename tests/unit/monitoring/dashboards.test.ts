import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { dashboardQueries, renderDashboards, renderGrafanaProvisioning } from "../../../monitoring/index.ts";
import { isChecked, isScraped } from "../../../monitoring/options.ts";
import { lone, options, services } from "./example.ts";

interface GrafanaPanel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string; refId: string; datasource: { uid: string } }[];
}

const files = renderDashboards(services);
const panelsOf = (json: string): GrafanaPanel[] => JSON.parse(json).panels;
const overlap = (a: GrafanaPanel["gridPos"], b: GrafanaPanel["gridPos"]): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

describe("renderDashboards", () => {
  it("renders the four dashboards", () => {
    expect(Object.keys(files)).toEqual(["overview.json", "rag.json", "stores.json", "host.json"]);
  });

  it("has a row for every service with metrics or a blackbox module", () => {
    const rows = panelsOf(files["overview.json"] ?? "").filter((panel) => panel.type === "row");
    const watched = services.filter((s) => isScraped(s) || isChecked(s)).map(({ name }) => name);
    const titles = ["At a glance", "Traffic", ...watched, "Sign-in and keys"];
    expect(rows.map((row) => row.title)).toEqual(titles);
    expect(watched).toEqual(expect.arrayContaining(["api", "postgres-exporter", "chroma", "prometheus"]));
  });

  it.each(Object.entries(files))("%s lays out its panels without overlap, within the grid", (_, json) => {
    const panels = panelsOf(json);
    for (const [index, a] of panels.entries()) {
      expect(a.gridPos.x + a.gridPos.w, a.title).toBeLessThanOrEqual(24);
      for (const b of panels.slice(index + 1)) {
        expect(overlap(a.gridPos, b.gridPos), `${a.title} and ${b.title}`).toBe(false);
      }
    }
    expect(new Set(panels.map((panel) => panel.id)).size).toBe(panels.length);
  });

  it("queries the provisioned data source", () => {
    const provisioning = renderGrafanaProvisioning(services, options);
    const source = parse(provisioning["/etc/grafana/provisioning/datasources/ragdock.yml"] ?? "")
      .datasources[0];
    expect(source).toMatchObject({ uid: "prometheus", url: "http://prometheus:9090" });
    const uids = Object.values(files).flatMap((json) =>
      panelsOf(json).flatMap((panel) => (panel.targets ?? []).map((target) => target.datasource.uid)),
    );
    expect(new Set(uids)).toEqual(new Set([source.uid]));
  });

  it("reads the dashboards from their folder", () => {
    const provider = renderGrafanaProvisioning(services, options)[
      "/etc/grafana/provisioning/dashboards/ragdock.yml"
    ];
    expect(parse(provider ?? "").providers[0].options.path).toBe("/etc/grafana/dashboards");
  });

  it("leaves out panels without data from these services", () => {
    expect(Object.keys(renderDashboards(lone))).toEqual(["overview.json"]);
  });
});

describe("dashboardQueries", () => {
  it("lists every query of every panel", () => {
    const inJson = Object.values(files).flatMap((json) =>
      panelsOf(json).flatMap((panel) => (panel.targets ?? []).map((target) => target.expr)),
    );
    expect(dashboardQueries(services).map((query) => query.expr)).toEqual(inJson);
    expect(inJson.length).toBeGreaterThan(80);
  });
});
