import { type ImageName, images } from "../images.ts";
import type { PostgresVersion } from "../settings/schema.ts";
import type { LongRunning } from "../spec/service.ts";
import { catalogue } from "./template.ts";

/** The images and the folders in their volumes, by major version. */
const versions: Readonly<Record<PostgresVersion, { image: ImageName; folder: string }>> = {
  "17": { image: "postgres", folder: "pgdata" },
  // Where the official image has it from 18 on.
  "18": { image: "postgres-18", folder: "18/docker" },
};

/** The name of the volume that holds a version's cluster: each has its own, so that an upgrade leaves the old one. */
export const clusterVolume = (volume: string, version: PostgresVersion): string =>
  version === "17" ? volume : `${volume}-${version}`;

/** The volume's name without the version in it. */
export const withoutVersion = (volume: string): string => volume.replace(/-\d+$/, "");

/** What depends on the major version: image, volume, and where in it the data is. */
export function cluster(
  version: PostgresVersion,
  volume: string,
): Pick<LongRunning, "image" | "user" | "volumes" | "postgresVersion"> & { readonly dataFolder: string } {
  const { image, folder } = versions[version];
  const path = images[image].dataPath ?? "";
  return {
    ...catalogue(image),
    volumes: [{ volume: clusterVolume(volume, version), path }],
    postgresVersion: version,
    // A folder of its own inside the volume, and said here so that a change of the image's default cannot move the data.
    dataFolder: `${path}/${folder}`,
  };
}
