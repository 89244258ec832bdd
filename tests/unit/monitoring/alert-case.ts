/**
 * A case for Prometheus' rule tester: series over time, and the alerts that must or must not fire.
 */
export interface AlertCase {
  readonly title: string;
  /** In promtool's notation: `start+stepxtimes`, one value a minute. */
  readonly series: Readonly<Record<string, string>>;
  readonly alert: string;
  /** The minutes after the start. */
  readonly at: number;
  /** The labels of the alerts that fire at that time, without severity. */
  readonly fires: readonly Readonly<Record<string, string>>[];
}
