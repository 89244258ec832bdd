import type { CatalogueImage } from "../spec/image.ts";
import type { Source } from "../spec/official.ts";
import type { PostgresVersion } from "../spec/postgres.ts";

const pgvector: Source = "pgvector/pgvector@v0.8.6:Dockerfile";

/** The official image that pgvector is added to. */
const postgresImage = (major: PostgresVersion): Source =>
  `docker-library/repo-info@0b63eec:repos/postgres/remote/${major}-trixie.md`;

const image17 = {
  name: "postgres",
  reference: "pgvector/pgvector:0.8.6-pg17-trixie",
  user: "999:999",
  port: 5432,
  dataPath: "/var/lib/postgresql/data",
  // Over TCP: the temporary server of the first start listens on its socket only.
  healthcheck: ["pg_isready", "-q", "-h", "127.0.0.1"],
  official: {
    sources: [pgvector, postgresImage("17")],
    base: "debian",
    programs: ["pg_dump", "pg_isready", "pg_restore", "postgres", "psql"],
    entrypoint: ["docker-entrypoint.sh"],
    runsCommands: true,
    startsAs: "root",
  },
  standIn: { folder: "dockerfiles/postgres" },
} as const satisfies CatalogueImage;

const image18: CatalogueImage = {
  ...image17,
  name: "postgres-18",
  reference: "pgvector/pgvector:0.8.6-pg18-trixie",
  dataPath: "/var/lib/postgresql",
  official: { ...image17.official, sources: [pgvector, postgresImage("18")] },
  standIn: {
    folder: "dockerfiles/postgres",
    // Debian 13 has 17.
    args: {
      PG_MAJOR: "18",
      SUITE: "forky",
      DATA_VOLUME: "/var/lib/postgresql",
      PGDATA: "/var/lib/postgresql/18/docker",
    },
  },
};

/**
 * Images and data folders by major version. The data has its own folder in the volume. It is set
 * here, so that a changed default of the image cannot move the data.
 */
export const postgresVersionImages: Readonly<
  Record<PostgresVersion, { image: CatalogueImage; folder: string }>
> = {
  "17": { image: image17, folder: "pgdata" },
  // The official image's own folder from 18 on.
  "18": { image: image18, folder: "18/docker" },
};

export const postgresCatalogueImage = image17;
