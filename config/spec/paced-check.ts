import type { Healthcheck } from "./healthcheck.ts";
import { type Duration, seconds } from "./units.ts";

/** Seconds between two checks of a healthy container. */
const pause = 14;
/** Checks of a healthy container that one process of Docker's health check makes. */
const rounds = 6;
/** Seconds: a check that Docker runs less often than this keeps its pace. */
const rare = 15;
/** Seconds that the script may take in addition to the check, before Docker ends both. */
const margin = 5;

/** Whether Docker runs a check so rarely that it keeps its pace. */
export const isRare = ({ interval }: Pick<Healthcheck, "interval">): boolean => seconds(interval) >= rare;

/** When a healthy container is checked. All times are in seconds. */
interface Pace {
  /** If the last success is at most so old, it belongs to Docker's previous check. */
  readonly fresh: number;
  /** The time between two checks. */
  readonly pause: number;
  /** The number of checks of one process. */
  readonly rounds: number;
}

/**
 * Returns the health check for Docker, which runs often until the container is healthy, and rarely
 * afterwards.
 *
 * Docker starts a process in the container for each check, which costs more than the check itself.
 * Docker Engine before 25 has no `start_interval`, so the process itself decides how often it
 * checks. In a healthy container, a process repeats the check for 84 s before it answers. If a
 * check fails, it answers at once, and Docker's next checks answer quickly again. Each process
 * writes the time of its last success to /dev/shm. The next process reads it. After a start, a
 * failure or `docker unpause`, that time is missing or old.
 *
 * A broken container is noticed at most 14 s later than without pacing. The image needs `sh`,
 * `sleep`, `date` and `timeout`. A check with an interval of 15 s or more is not paced.
 * @param recovery a script that has the function `recover`. @default nothing follows a failure
 */
export function paced(healthcheck: Healthcheck, recovery?: string): Pick<Healthcheck, "test" | "timeout"> {
  const { test, interval, timeout } = healthcheck;
  if (isRare(healthcheck) && !recovery) return { test, timeout };
  const [kind, ...words] = test;
  const command = kind === "CMD" ? words : ["sh", "-c", ...words];
  const allowed = seconds(timeout);
  const pace = isRare(healthcheck) ? undefined : { fresh: seconds(interval) + 1, pause, rounds };
  const longest: Duration = `${pace ? rounds * (pause + allowed) + allowed : allowed + margin}s`;
  // The shell names its first argument in error messages.
  const script = pacedScript({ allowed, pace }, recovery);
  return { test: ["CMD", "sh", "-c", script, "healthcheck", ...command], timeout: longest };
}

/**
 * Returns the script that checks by the command in its arguments. `allowed` is the longest time of
 * one check, in seconds.
 * @param pace how often it repeats the check of a healthy container. @default it checks once
 */
export function pacedScript(
  { allowed, pace }: { readonly allowed: number; readonly pace?: Pace | undefined },
  recovery?: string,
): string {
  const [before, failed, healthy] = recovery
    ? [`${recovery}\n`, " recover;", " [ ! -e $failing ] || rm -f $failing;"]
    : ["", "", ""];
  const check = `${before}last=/dev/shm/healthy
check() { timeout ${allowed} "$@" || { code=$?; rm -f $last;${failed} exit $code; }; date +%s > $last;${healthy} }
`;
  if (!pace) return `${check}check "$@"`;
  const { fresh, pause, rounds } = pace;
  return `${check}if [ -e $last ] && read -r at < $last && [ $(($(date +%s) - at)) -le ${fresh} ]; then
  for round in ${Array.from({ length: rounds }, (_, index) => index + 1).join(" ")}; do sleep ${pause}; check "$@"; done
else
  check "$@"
fi`;
}
