import prettyBytes from "pretty-bytes";
import prettyMs from "pretty-ms";

/** Formats a duration, such as `4.3s`, `3m 5s` or `2d 1h`. */
export const elapsed = (seconds: number): string =>
  prettyMs(seconds * 1000, { unitCount: 2, secondsDecimalDigits: 1 });

/** Formats a number of bytes, such as `1.4 MiB`. */
export const size = (bytes: number): string => prettyBytes(bytes, { binary: true });

/** Formats rows under a header, in columns of the width that they need. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("   ")
        .trimEnd(),
    )
    .join("\n");
}
