/** The cgroups of the containers of one engine, which share a parent. Version 1 has a parent for each controller. */
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = "/sys/fs/cgroup";

/** Microseconds in which a quota is used and given again. */
const period = 100_000;

const inside = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(path, name));

/** Gives the containers of a parent, all together, a share of the cores. */
export function limitCores(parent: string, cores: number): void {
  const quota = Math.round(cores * period);
  if (existsSync(join(root, "cgroup.controllers"))) {
    writeFileSync(join(root, parent, "cpu.max"), `${quota} ${period}`);
    return;
  }
  // Version 1 refuses a parent with less than one of its containers has. All have the same period.
  const fileOf = (path: string): string => join(path, "cpu.cfs_quota_us");
  const own = join(root, "cpu", parent);
  for (const container of inside(own)) {
    if (Number(readFileSync(fileOf(container), "utf8")) > quota)
      writeFileSync(fileOf(container), String(quota));
  }
  writeFileSync(fileOf(own), String(quota));
}

/** Removes what Docker leaves of a parent whose containers have ended. */
export function removeCgroups(parent: string): void {
  for (const own of ["", ...readdirSync(root)].map((controller) => join(root, controller, parent))) {
    if (existsSync(own)) for (const path of [...inside(own), own]) rmdirSync(path);
  }
}
