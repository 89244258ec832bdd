/** The version of a language that an application asks for. */
export interface Wanted {
  /** A version such as `3.12.4`, or a range such as `>=3.10,<3.13`. */
  readonly range: string;
  /** The file or the setting that has it. */
  readonly from: string;
}

/** The version that an application is built on. */
export interface Version {
  /** As the image is called: `3.12`, or `24`. */
  readonly version: string;
  /** `from .python-version`, or `by default`. */
  readonly reason: string;
}

type Parts = readonly number[];

/** A patch release that is newer than any that a range names. */
const latest = 999;

const partsOf = (version: string): Parts =>
  version
    .split(".")
    .filter((part) => /^\d+$/.test(part))
    .map(Number);

function compare(one: Parts, other: Parts): number {
  for (let index = 0; index < Math.max(one.length, other.length); index++) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether a version begins with the other one: 3.12.4 with 3.12. */
const startsWith = (version: Parts, start: Parts): boolean =>
  start.every((part, index) => version[index] === part || version[index] === latest);

/** Whether the latest release of a version satisfies one condition. */
function meets(release: Parts, operator: string, bound: Parts): boolean {
  const order = compare(release, bound);
  switch (operator) {
    case ">=":
      return order >= 0;
    case ">":
      return order > 0;
    case "<=":
      return order <= 0 || startsWith(release, bound);
    case "<":
      return order < 0;
    case "!=":
      return !startsWith(release, bound);
    case "^":
      return order >= 0 && release[0] === bound[0];
    case "~=":
      return order >= 0 && startsWith(release, bound.slice(0, -1));
    case "~":
      return order >= 0 && startsWith(release, bound.slice(0, 2));
    default:
      return startsWith(release, bound);
  }
}

/** Whether a version satisfies a range, as Python, Poetry and npm write it. */
function satisfies(version: string, range: string): boolean {
  const release = [...partsOf(version), latest, latest].slice(0, 3);
  return range.split("||").some((alternative) =>
    [...alternative.matchAll(/([<>=!~^]*)\s*v?(\d[\d.]*)/g)].every(([, operator = "", bound = ""]) => {
      return meets(release, operator, partsOf(bound));
    }),
  );
}

/**
 * Chooses the version to build on. The first offered one is the default, the others are the newest
 * first. Undefined if none of them is what the application asks for.
 */
export function chooseVersion(wanted: Wanted | undefined, offered: readonly string[]): Version | undefined {
  const [preset = ""] = offered;
  if (!wanted || !/\d/.test(wanted.range)) return { version: preset, reason: "by default" };
  const version = offered.find((one) => satisfies(one, wanted.range));
  return version === undefined ? undefined : { version, reason: `from ${wanted.from}` };
}
