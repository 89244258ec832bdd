import { Failure } from "../config/spec/failure.ts";
import { and, pulumiOnly, setCommand } from "../config/spec/message.ts";
import type { RecordedVolumes } from "../config/spec/recorded-volumes.ts";
import { isLongRunning, ownVolumes, type Role, type SystemSpec } from "../config/spec/service.ts";
import { createdLabel, fullName, type StackName } from "../config/spec/stack.ts";
import { volumeNodeLabel } from "../config/spec/swarm.ts";
import { type Volume, volumesNamed } from "./docker.ts";
import { placedNames } from "./volume-nodes.ts";

/** A volume with the stack's data that no longer exists. */
export interface LostVolume {
  /** Short name. */
  readonly volume: string;
  readonly name: string;
  /** The service that the data belongs to. */
  readonly owner: string;
  /** The creation time of the recorded volume. */
  readonly created: string;
  /** Whether another volume now has the name. */
  readonly replaced: boolean;
}

/** The creation time of a volume, by its label. "" if it has none. */
const createdAt = ({ Labels }: Volume): string => Labels?.[createdLabel] ?? "";

/**
 * The recorded volumes that are gone or were created again. On a Swarm, these are the volumes that no
 * node has a label of.
 */
export async function lostVolumes(
  stack: StackName,
  system: SystemSpec,
  recorded: RecordedVolumes,
): Promise<LostVolume[]> {
  const times =
    system.target === "swarm"
      ? placedTimes(recorded, await placedNames())
      : timesOf(await volumesNamed(Object.keys(recorded)));
  return lostAmong(times, stack, system, recorded);
}

/** The creation times of volumes, by full name. */
export const timesOf = (volumes: ReadonlyMap<string, Volume>): ReadonlyMap<string, string> =>
  new Map([...volumes].map(([name, volume]) => [name, createdAt(volume)]));

/**
 * The creation times of volumes on a Swarm. A label of a node has none, so a volume that has a node
 * counts as the recorded one.
 * @param placed full names of the volumes that have a node
 */
export const placedTimes = (
  recorded: RecordedVolumes,
  placed: ReadonlySet<string>,
): ReadonlyMap<string, string> => new Map(Object.entries(recorded).filter(([name]) => placed.has(name)));

/** @param times the creation times of the volumes that exist, by full name */
export const lostAmong = (
  times: ReadonlyMap<string, string>,
  stack: StackName,
  system: SystemSpec,
  recorded: RecordedVolumes,
): LostVolume[] =>
  ownedVolumes(stack, system).flatMap(({ owner, volume, name }) => {
    const created = recorded[name];
    return created === undefined || times.get(name) === created
      ? []
      : [{ owner, volume, name, created, replaced: times.has(name) }];
  });

/**
 * The system's volumes. A job may share the volume of a service. The service, which stays up, is
 * the owner. The registry's volume is left out: each deployment pushes what it lacks.
 */
export function ownedVolumes(stack: StackName, { services }: SystemSpec) {
  const jobsFirst = services.toSorted((a, b) => Number(isLongRunning(a)) - Number(isLongRunning(b)));
  const owned = jobsFirst
    .filter(({ role }) => role !== "registry")
    .flatMap((service) =>
      ownVolumes(service).map(({ volume }) => ({
        owner: service.name,
        volume,
        name: fullName(stack, volume),
      })),
    );
  return [...new Map(owned.map((one) => [one.name, one])).values()];
}

/** Refuses lost volumes, except for those whose loss the settings accept. @throws Failure */
export function requireNoneLost(stack: string, system: SystemSpec, all: readonly LostVolume[]): void {
  const lost = all.filter(({ volume, created }) => system.lostVolumes[volume] !== created);
  if (lost.length > 0) throw dataIsGone(stack, system, lost);
}

/** Roles whose data no backup contains. */
const leftOut: readonly Role[] = ["monitoring", "certificates"];

function dataIsGone(stack: string, system: SystemSpec, lost: readonly LostVolume[]): Failure {
  const isSwarm = system.target === "swarm";
  const lines = lost.map(({ name, owner, replaced }) => {
    const isLeftOut = system.services.some((s) => s.name === owner && leftOut.includes(s.role));
    const gone = isSwarm ? "is on no node" : "is gone";
    const what = replaced ? "was created again and does not contain it" : gone;
    return `  volume ${name}, the data of ${owner}, ${what}${isLeftOut ? " (backups leave it out)" : ""}`;
  });
  const give = lost.map(({ volume, created }) => setCommand(`lostVolumes.${volume}`, `'${created}'`));
  return new Failure(
    isSwarm
      ? `No node of the Swarm has a label for this data of stack "${stack}". Nothing was changed.\n${lines.join("\n")}`
      : `The data of stack "${stack}" is gone. Nothing was changed.\n${lines.join("\n")}`,
    `${isSwarm ? lookOnNodes(lost) : lookAtHost}If the data is lost, start without it:\n` +
      `  make up STACK=${stack} CONFIRM=${stack}\n` +
      `Then restore the newest backup: make restore STACK=${stack} CONFIRM=${stack} (list: make backups STACK=${stack})` +
      pulumiOnly(`\nWith the Pulumi CLI: ${give.join(and)} && pulumi up --refresh`),
  );
}

const lookAtHost =
  "Check that this is the stack's Docker host: run docker context show, and look at DOCKER_HOST. ";

/** What may have happened on a Swarm, and how to use the data again. */
const lookOnNodes = (lost: readonly LostVolume[]): string =>
  "A node that was removed from the Swarm, or joined it again, has no labels. Its volumes stay on it. " +
  "On a node, docker volume ls shows them. Give the label back to the node that has the volume (its name: docker node ls):\n" +
  `${lost.map(({ name }) => `  docker node update --label-add ${volumeNodeLabel(name)}=true <node>`).join("\n")}\n`;
