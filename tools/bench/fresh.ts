import { readFileSync, statSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import type { Fresh } from "./results.ts";

/** What ends each part of a first `make up`, in order: the part lasts until its last such line. */
const ends: readonly (readonly [part: string, line: RegExp])[] = [
  ["Debian base image", /building the base image: /],
  ["providers of the embedded engine, from their Go sources", /built the \S+ provider in /],
  ["images, as far as containers had not begun already", /\+ image \S+: created/],
  ["containers, to all healthy", /./],
];

/**
 * The first `make up` of a machine without anything, from its log; it cannot be measured where the bench runs.
 * @param file the output of `( time make up ) > FILE 2>&1`, in bash
 * @throws when it is no such log, or the stack did not get healthy
 */
export function readFresh(file: string): Fresh {
  const log = readFileSync(file, "utf8");
  const [, minutes, seconds] = /^real\s+(\d+)m([\d.]+)s/m.exec(log) ?? [];
  if (seconds === undefined || !/^Healthy after /m.test(log)) {
    throw new Error(`${file} is not the log of a make up that got healthy: ( time make up ) > ${file} 2>&1`);
  }
  const all = Number(minutes) * 60 + Number(seconds);
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return {
    date: statSync(file).mtime.toISOString().slice(0, 10),
    machine: `${availableParallelism()} cores, ${memory} GiB`,
    seconds: all,
    parts: parts(log, all),
  };
}

/** How long each part took; what came before the first line with a clock is installing. */
function parts(log: string, all: number): Fresh["parts"] {
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
