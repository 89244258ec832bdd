import { externalStores, mayDo } from "../../config/spec/external.ts";
import { programsOf } from "../../config/spec/image.ts";
import { longRunning, ownVolumes, type ServiceSpec, type SystemSpec } from "../../config/spec/service.ts";

export type Part =
  /** A PostgreSQL server: `pg_dump` copies it from one snapshot. */
  | {
      readonly kind: "postgres";
      readonly service: string;
      /** The name of the server, if it is outside of the stack. */
      readonly volume: string;
      /** Whether the server is outside of the stack. @default false */
      readonly external?: true;
    }
  /** A volume: its files are copied while the containers that write to it are paused. */
  | {
      readonly kind: "files";
      readonly service: string;
      readonly volume: string;
      /** Files that a restore does not replace. */
      readonly own?: readonly string[];
      /** The service whose image has the tools. @default the service of the part */
      readonly tools?: string;
    };

/**
 * The parts of a system's data. PostgreSQL comes first: then the volumes contain every file that
 * its rows refer to, and perhaps some more. A volume that several services share is one part.
 */
export function partsOf({ services }: SystemSpec): Part[] {
  const kept = longRunning(services).filter((s) => !isReplaceable(s));
  const toolbox = kept.find(hasTools)?.name;
  const parts = kept.flatMap((spec) =>
    ownVolumes(spec).map(
      ({ volume, own }): Part =>
        spec.role === "postgres"
          ? { kind: "postgres", service: spec.name, volume }
          : {
              kind: "files",
              service: spec.name,
              volume,
              ...(own ? { own } : {}),
              ...(toolbox !== undefined && !hasTools(spec) ? { tools: toolbox } : {}),
            },
    ),
  );
  const outside = externalStores(services)
    .filter((store) => store.role === "postgres" && mayDo(store, "backup"))
    .map(({ name }): Part => ({ kind: "postgres", service: name, volume: name, external: true }));
  const once = [...Map.groupBy([...outside, ...parts], ({ volume }) => volume).values()].flatMap(
    ([first]) => first ?? [],
  );
  return once.sort((a, b) => Number(b.kind === "postgres") - Number(a.kind === "postgres"));
}

/**
 * Whether the image of a service has `tar` and `find` of GNU. Nothing is known of an image that the
 * user names, or that a Dockerfile of the user builds.
 */
function hasTools({ image }: ServiceSpec): boolean {
  if (image.from !== "catalogue") return false;
  const has = programsOf(image.image);
  return has.has("tar") && has.has("find");
}

/**
 * Whether a service's data can be lost: metrics, and models that are downloaded again. Keys of
 * certificates must not be in backups, and a service can get new ones.
 */
const isReplaceable = ({ role }: ServiceSpec): boolean =>
  ["monitoring", "model", "certificates", "registry"].includes(role);

/** Volumes that no backup contains. */
export const leftOut = ({ services }: SystemSpec): string[] =>
  longRunning(services)
    .filter(isReplaceable)
    .flatMap((s) => s.volumes.map((v) => v.volume));
