import { readFileSync, statSync } from "node:fs";
import { machineSize } from "./measure.ts";

/** The parts of a first `make up` in order, each with a pattern of its last line. */
const ends: readonly (readonly [part: string, line: RegExp])[] = [
  ["Debian base image", /building the base image: /],
  ["providers of the embedded engine, from their Go sources", /built the \S+ provider in /],
  ["images, until the last one is created", /\+ image \S+: created/],
  ["containers, until all are healthy", /./],
];

/**
 * Reads the times of the first `make up` of a fresh machine from its log. The bench cannot measure
 * it itself.
 * @param file the output of `( time make up ) > up.log 2>&1` in bash
 * @throws if the file is no such log, or if the stack did not become healthy
 */
export function readFresh(file: string) {
  const log = readFileSync(file, "utf8");
  const [, minutes, seconds] = /^real\s+(\d+)m([\d.]+)s/m.exec(log) ?? [];
  if (seconds === undefined || !/^Healthy after /m.test(log)) {
    throw new Error(`${file} is no log of a successful make up. Create one: ( time make up ) > ${file} 2>&1`);
  }
  const all = Number(minutes) * 60 + Number(seconds);
  const { cores, memory } = machineSize();
  return {
    date: statSync(file).mtime.toISOString().slice(0, 10),
    machine: `${cores} cores, ${memory}`,
    seconds: all,
    parts: parts(log, all),
  };
}

/** Returns the seconds of each part. The installation comes before the first line with a time. */
function parts(log: string, all: number): { part: string; seconds: number }[] {
  const lines = log.split("\n").flatMap((line) => {
    const [, hours, minutes, seconds, text] = /^\s*(?:(\d+):)?(\d+):(\d\d) {2}(.*)$/.exec(line) ?? [];
    return text === undefined
      ? []
      : [{ at: Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds), text }];
  });
  const found: { part: string; seconds: number }[] = [];
  let until = 0;
  for (const [part, pattern] of ends) {
    const last = lines.findLast(({ text }) => pattern.test(text))?.at;
    if (last === undefined) continue;
    found.push({ part, seconds: Math.max(0, last - until) });
    until = Math.max(until, last);
  }
  const before = Math.max(0, all - until);
  return [{ part: "npm packages, Docker Engine, tools", seconds: before }, ...found];
}
