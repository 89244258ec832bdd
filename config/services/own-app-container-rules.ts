import { alsoRun, removeCommand, setCommand, toRun } from "../spec/message.ts";
import { type Problem, problem } from "../spec/problem.ts";
import type { ServiceSpec } from "../spec/service.ts";
import { mebibytes } from "../spec/units.ts";
import type { OwnApp } from "./own-app-settings.ts";

/** Folders of Linux and of Ragdock itself. A folder in memory would hide what is in them. */
const taken = ["/", "/dev", "/etc", "/proc", "/run", "/sys"];

/** Problems of the settings of an application's container: `writable` and `ulimits`. */
export const containerProblems = (app: OwnApp, services: readonly ServiceSpec[]): Problem[] => [
  ...wrongFolders(app),
  ...tooLarge(app, services),
  ...wrongLimits(app),
];

const normal = (path: string): string => path.replace(/\/+$/, "") || "/";

function wrongFolders({ setting, writable = {}, volumes = [] }: OwnApp): Problem[] {
  return Object.keys(writable).flatMap((folder) => {
    const at = `${setting}.writable["${folder}"]`;
    const remove = `${toRun}${removeCommand(at)}`;
    const path = normal(folder);
    const isTaken = taken.includes(path) || /^\/(dev|proc|run|sys)\//.test(path);
    const volume = volumes.find((one) => normal(one.path) === path);
    return [
      ...(isTaken ? [problem(at, `"${folder}"`, "this folder belongs to the operating system", remove)] : []),
      ...(volume
        ? [
            problem(
              at,
              `"${folder}"`,
              `the volume ${volume.name} is mounted there, and it is writable`,
              remove,
            ),
          ]
        : []),
    ];
  });
}

/** The kernel would kill the application before such a folder is full. */
function tooLarge({ setting, name, writable = {} }: OwnApp, services: readonly ServiceSpec[]): Problem[] {
  const memory = services.find((s) => s.name === name)?.limits.memory;
  const sum = Object.values(writable).reduce((all, size) => all + mebibytes(size), 0);
  if (memory === undefined || sum < mebibytes(memory)) return [];
  const limit = `${setting}.limits.memory`;
  const why = `files in memory count towards the memory limit of the container, ${memory}`;
  const fix = `Reduce the sizes, or ${alsoRun}${setCommand(limit, `${2 * sum}MiB`)}`;
  return [problem(`${setting}.writable`, `${sum}MiB`, why, fix)];
}

function wrongLimits({ setting, ulimits = {} }: OwnApp): Problem[] {
  return Object.entries(ulimits).flatMap(([name, limit]) => {
    if (typeof limit === "number" || limit.hard === -1) return [];
    if (limit.soft !== -1 && limit.soft <= limit.hard) return [];
    const at = `${setting}.ulimits.${name}.soft`;
    const fix = `${toRun}${setCommand(at, String(limit.hard))}`;
    return [problem(at, String(limit.soft), `must be at most the hard limit, ${limit.hard}`, fix)];
  });
}
