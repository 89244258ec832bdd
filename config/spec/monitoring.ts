/** One alert, with the text that an on-call engineer needs. */
export interface Alert {
  readonly name: string;
  /** `critical` pages someone, `warning` waits for the morning, `none` is for other programs. */
  readonly severity: "critical" | "warning" | "none";
  /** PromQL. */
  readonly expr: string;
  /**
   * The time for which the condition must hold before the alert fires, such as `5m`. @default at
   * once
   */
  readonly holds?: string;
  readonly summary: string;
  readonly description: string;
  /** The steps to fix it, in order. */
  readonly runbook: string;
  /** Alerts that follow from this one and are not sent while it fires. */
  readonly suppresses?: readonly string[];
}

export interface Query {
  readonly expr: string;
  /** Grafana's legend template, such as `{{route}}`. @default the labels of the series */
  readonly legend?: string;
}

export interface Panel {
  readonly title: string;
  readonly kind: "stat" | "timeseries";
  /** Grafana's name of the unit, such as `s`, `bytes`, `percentunit`, `reqps`. */
  readonly unit?: string;
  readonly queries: readonly Query[];
  /** In 24ths of the dashboard's width. */
  readonly width: number;
  /** A stat turns red at this value. */
  readonly redFrom?: number;
  /** A stat turns red below this value. */
  readonly redBelow?: number;
  /** An explanation of the panel, shown on hover. */
  readonly description?: string;
}

/** Panels under one heading, and the dashboard they belong to. */
export interface Row {
  readonly board: "overview" | "rag" | "stores" | "host";
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A data source of Grafana; the keys are Grafana's. */
export interface Datasource {
  readonly name: string;
  readonly type: string;
  readonly uid: string;
  readonly url: string;
  readonly isDefault?: boolean;
}

/** A number with a graph of its recent values. */
export const stat = (title: string, expr: string, rest: Partial<Panel> = {}): Panel => ({
  title,
  kind: "stat",
  queries: [{ expr }],
  width: 4,
  ...rest,
});

/** Lines over time. @param queries by Grafana's legend template, such as `{{route}}` */
export const lines = (
  title: string,
  queries: Readonly<Record<string, string>>,
  rest: Partial<Panel> = {},
): Panel => ({
  title,
  kind: "timeseries",
  queries: Object.entries(queries).map(([legend, expr]) => ({ expr, legend })),
  width: 8,
  ...rest,
});
