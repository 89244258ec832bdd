import { isLongRunning, type LongRunning, type SystemSpec } from "../../config/spec/service.ts";

/** A part of a system's data, and how it is copied. */
export type Part =
  /** A PostgreSQL server: dumped from one snapshot by its own tools. */
  | { readonly kind: "postgres"; readonly service: string; readonly volume: string }
  /** A volume whose files are copied while its writers are frozen. */
  | {
      readonly kind: "files";
      readonly service: string;
      readonly volume: string;
      /** Files that stay as they are when the others are replaced. */
      readonly own?: readonly string[];
    };

/**
 * What there is to back up, PostgreSQL first: what the others hold then belongs to rows that are there, or is an
 * orphan; the other way round rows would miss what they point at.
 */
export function partsOf(system: SystemSpec): Part[] {
  const kept = system.services.filter(isLongRunning).filter((s) => s.role !== "monitoring");
  const parts = kept.flatMap((s) =>
    s.volumes.map(
      ({ volume, own }): Part =>
        s.role === "postgres"
          ? { kind: "postgres", service: s.name, volume }
          : { kind: "files", service: s.name, volume, ...(own ? { own } : {}) },
    ),
  );
  return parts.sort((a, b) => Number(b.kind === "postgres") - Number(a.kind === "postgres"));
}

/** Volumes that no backup holds: metrics and what monitoring keeps can be lost. */
export const leftOut = (system: SystemSpec): string[] =>
  system.services
    .filter((s): s is LongRunning => isLongRunning(s) && s.role === "monitoring")
    .flatMap((s) => s.volumes.map((v) => v.volume));
