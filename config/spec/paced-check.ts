import type { Healthcheck } from "./healthcheck.ts";
import { type Duration, seconds } from "./units.ts";

/** Seconds between two checks of a healthy container. */
const pause = 14;
/** Checks of a healthy container that one process of Docker's health check makes. */
const rounds = 5;
/** Seconds: a check that Docker runs less often than this is not changed. */
const rare = 15;

/** Whether Docker runs a check so rarely that it is not changed. */
export const isRare = ({ interval }: Healthcheck): boolean => seconds(interval) >= rare;

/**
 * Returns the health check for Docker, which runs often until the container is healthy, and rarely
 * afterwards.
 *
 * Docker starts a process in the container for each check, which costs more than the check itself.
 * Docker Engine before 25 has no `start_interval`, so the process itself decides how often it
 * checks. In a healthy container, a process repeats the check for 70 s before it answers. If a
 * check fails, it answers at once, and Docker's next checks answer quickly again. Each process
 * writes the time of its last success to /dev/shm. The next process reads it. After a start, a
 * failure or `docker unpause`, that time is missing or old.
 *
 * A broken container is noticed at most 14 s later than without pacing. The image needs `sh`,
 * `sleep`, `date` and `timeout`.
 * @param recovery a script that has the function `recover`. @default nothing follows a failure
 */
export function paced(healthcheck: Healthcheck, recovery?: string): Pick<Healthcheck, "test" | "timeout"> {
  const { test, interval, timeout } = healthcheck;
  if (isRare(healthcheck)) return { test, timeout };
  const [kind, ...words] = test;
  const command = kind === "CMD" ? words : ["sh", "-c", ...words];
  const allowed = seconds(timeout);
  const script = pacedScript({ allowed, fresh: seconds(interval) + 1, pause, rounds }, recovery);
  const longest: Duration = `${rounds * (pause + allowed) + allowed}s`;
  // The shell names its first argument in error messages.
  return { test: ["CMD", "sh", "-c", script, "healthcheck", ...command], timeout: longest };
}

/**
 * Returns the script that repeats the command in its arguments. All times are in seconds. `allowed`
 * is the longest time of one check. If the last success is at most `fresh` seconds old, it belongs
 * to Docker's previous check.
 */
export function pacedScript(
  times: {
    readonly allowed: number;
    readonly fresh: number;
    readonly pause: number;
    readonly rounds: number;
  },
  recovery?: string,
): string {
  const { allowed, fresh, pause, rounds } = times;
  const [before, failed, healthy] = recovery
    ? [`${recovery}\n`, " recover;", " [ ! -e $failing ] || rm -f $failing;"]
    : ["", "", ""];
  return `${before}last=/dev/shm/healthy
check() { timeout ${allowed} "$@" || { code=$?; rm -f $last;${failed} exit $code; }; date +%s > $last;${healthy} }
if [ -e $last ] && read -r at < $last && [ $(($(date +%s) - at)) -le ${fresh} ]; then
  for round in ${Array.from({ length: rounds }, (_, index) => index + 1).join(" ")}; do sleep ${pause}; check "$@"; done
else
  check "$@"
fi`;
}
