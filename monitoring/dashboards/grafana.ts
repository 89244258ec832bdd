import type { Panel, Row } from "../../config/spec/monitoring.ts";

/** One dashboard. */
export interface Dashboard {
  readonly board: Row["board"];
  readonly title: string;
  readonly rows: readonly Row[];
}

/** Every panel queries Prometheus, whose module declares the data source with this uid. */
const datasource = { type: "prometheus", uid: "prometheus" } as const;

const WIDTH = 24;
const PANEL_HEIGHT = { stat: 4, timeseries: 7 } as const;

/** A dashboard as Grafana's JSON. */
export function toGrafana({ board, title, rows }: Dashboard): string {
  const json = {
    uid: `ragdock-${board}`,
    title,
    tags: ["ragdock"],
    schemaVersion: 39,
    editable: false,
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    timezone: "browser",
    links: [
      { type: "dashboards", tags: ["ragdock"], title: "Dashboards", asDropdown: false, includeVars: true },
    ],
    panels: place(rows).map((panel, index) => ({ id: index + 1, ...panel })),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

/**
 * Lays out the rows from top to bottom, and each row's panels from left to right in lines of equal
 * height.
 */
function place(rows: readonly Row[]): object[] {
  const placed: object[] = [];
  let y = 0;
  for (const row of rows) {
    const gridPos = { x: 0, y, w: WIDTH, h: 1 };
    placed.push({ type: "row", title: row.title, collapsed: false, gridPos, panels: [] });
    y += 1;
    for (const line of linesOf(row.panels)) {
      const h = Math.max(...line.map((panel) => PANEL_HEIGHT[panel.kind]));
      let x = 0;
      for (const panel of line) {
        placed.push(panelJson(panel, { x, y, w: panel.width, h }));
        x += panel.width;
      }
      y += h;
    }
  }
  return placed;
}

function linesOf(panels: readonly Panel[]): Panel[][] {
  const result: Panel[][] = [];
  let used = WIDTH;
  for (const panel of panels) {
    if (used + panel.width > WIDTH) {
      result.push([]);
      used = 0;
    }
    result.at(-1)?.push(panel);
    used += panel.width;
  }
  return result;
}

function panelJson(panel: Panel, gridPos: object): object {
  return {
    type: panel.kind,
    title: panel.title,
    ...(panel.description === undefined ? {} : { description: panel.description }),
    datasource,
    gridPos,
    targets: panel.queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + index),
      datasource,
      expr,
      legendFormat: legend ?? "__auto",
    })),
    fieldConfig: {
      defaults: { unit: panel.unit ?? "short", min: 0, thresholds: thresholds(panel) },
      overrides: [],
    },
    options:
      panel.kind === "stat"
        ? { colorMode: "value", graphMode: "area", reduceOptions: { calcs: ["lastNotNull"] } }
        : { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
  };
}

function thresholds({ redFrom, redBelow }: Panel): object {
  const first = { color: redBelow === undefined ? "green" : "red", value: null };
  const bound = redFrom ?? redBelow;
  const then = bound === undefined ? [] : [{ color: redBelow === undefined ? "red" : "green", value: bound }];
  return { mode: "absolute", steps: [first, ...then] };
}
