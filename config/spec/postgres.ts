/** The database of a server, and the role that owns it and everything in it. */
export interface Database {
  readonly name: string;
  readonly user: string;
}

/** Major versions of PostgreSQL for which an image exists. */
export const postgresVersions = ["17", "18"] as const;
export type PostgresVersion = (typeof postgresVersions)[number];

/**
 * The volume that holds a version's cluster. Each version has its own volume, so that an upgrade
 * keeps the old one.
 */
export const clusterVolume = (volume: string, version: PostgresVersion): string =>
  version === "17" ? volume : `${volume}-${version}`;

/** The volume's name without the version in it. */
export const withoutVersion = (volume: string): string => volume.replace(/-\d+$/, "");
