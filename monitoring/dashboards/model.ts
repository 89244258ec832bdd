/** A query of a panel, and what its series are called in the legend. */
export interface Query {
  readonly expr: string;
  /** Grafana's template, e.g. `{{route}}`. @default the series' labels */
  readonly legend?: string;
}

/** One panel. */
export interface Panel {
  readonly title: string;
  readonly kind: "stat" | "timeseries";
  /** Grafana's name of the unit, e.g. `s`, `bytes`, `percentunit`, `reqps`. */
  readonly unit?: string;
  readonly queries: readonly Query[];
  /** In 24ths of the dashboard's width. */
  readonly width: number;
  /** From this value on a stat turns red; with `redBelow`, under it. */
  readonly redFrom?: number;
  readonly redBelow?: number;
  /** What to read out of it, shown on hover. */
  readonly description?: string;
}

/** Panels under one heading, laid out from left to right. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** One dashboard. */
export interface Dashboard {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly rows: readonly Row[];
}

/** A number with its recent course behind it. */
export function stat(title: string, expr: string, rest: Partial<Panel> = {}): Panel {
  return { title, kind: "stat", queries: [{ expr }], width: 4, ...rest };
}

/** Lines over time. */
export function lines(title: string, queries: readonly Query[], rest: Partial<Panel> = {}): Panel {
  return { title, kind: "timeseries", queries, width: 8, ...rest };
}
