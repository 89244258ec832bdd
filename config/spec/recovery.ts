import { type Healthcheck, settled } from "./healthcheck.ts";
import { paced } from "./paced-check.ts";
import { type Duration, seconds } from "./units.ts";

/** When a container whose health check keeps failing is restarted. */
export interface Recovery {
  /** How long it must fail before its first restart. Each further restart waits twice as long. */
  readonly after: Duration;
  /** The largest number of restarts in a row. A day after the last one the count begins again. */
  readonly limit: number;
}

/**
 * The recovery of applications that say nothing else. Five minutes are longer than the start of a
 * store that an application waits for, and than most overloads last. The three restarts are then 5,
 * 10 and 20 minutes after their failures begin.
 */
export const usualRecovery: Recovery = { after: "5m", limit: 3 };

/** The fields of a service that its health check in Docker depends on. */
interface Checked {
  readonly healthcheck: Healthcheck;
  readonly stopGracePeriod: Duration;
  readonly restartUnhealthy?: Recovery;
}

/** The health check of a service for Docker. */
export const dockerCheck = ({ healthcheck, stopGracePeriod, restartUnhealthy }: Checked) =>
  paced(
    healthcheck,
    restartUnhealthy &&
      recoveryScript({
        after: seconds(restartUnhealthy.after),
        limit: restartUnhealthy.limit,
        starts: settled(healthcheck) + margin,
        gap: pauseFrom + seconds(healthcheck.interval) + seconds(healthcheck.timeout),
        grace: seconds(stopGracePeriod),
      }),
  );

/** Seconds more than a start may take. A deployment that waits for it has ended by then. */
const margin = 30;

/** Seconds without a check after which a container counts as paused. */
const pauseFrom = 60;

/** Seconds for which the count of restarts is kept after the last one. */
const day = 86_400;

/**
 * The folder for the count of restarts. It is in the file system of the container, which stays when
 * Docker starts the same container again. If that is read-only, the folder is a volume without a
 * name, which ends with the container.
 */
export const countFolder = "/var/tmp";

/** The file with the number of restarts and the time of the last one. */
export const restartsFile = `${countFolder}/ragdock-restarts`;

/**
 * Returns a function of the shell that runs after a failed check, and restarts the container if it
 * has failed for long. All times are in seconds.
 *
 * It ends the first process of the container, and Docker's restart policy starts it again. The
 * kernel ignores SIGKILL for the first process from inside of the container. So the first process
 * has to be Docker's `init`, which ends as soon as the application has ended.
 */
export function recoveryScript(times: {
  readonly after: number;
  readonly limit: number;
  /** Failures within this time after the start do not count. */
  readonly starts: number;
  /** After this time without a check, the failures before it do not count: the container was paused. */
  readonly gap: number;
  /** Time from SIGTERM to SIGKILL. */
  readonly grace: number;
}): string {
  const { after, limit, starts, gap, grace } = times;
  return `failing=/dev/shm/failing
recover() {
  now=$(date +%s)
  read -r up _ < /proc/uptime
  read -r stat < /proc/1/stat
  set -- \${stat##*) }
  age=$((\${up%.*} - \${20} / 100))
  [ $age -ge ${starts} ] || return 0
  first= seen= count= at=
  [ ! -e $failing ] || read -r first seen < $failing
  [ $((now - \${seen:-0})) -le ${gap} ] || first=$now
  echo "$first $now" > $failing
  [ ! -e ${restartsFile} ] || read -r count at < ${restartsFile}
  [ $((now - \${at:-0})) -lt ${day} ] || count=0
  [ $count -lt ${limit} ] && [ $((now - first)) -ge $((${after} << count)) ] || return 0
  { echo "$((count + 1)) $now" > ${restartsFile}; } 2> /dev/null || { echo "ragdock: not restarted, because ${countFolder} is read-only"; return 0; }
  rm -f $failing
  said="ragdock: unhealthy for $((now - first)) s, so it is restarted: $((count + 1)) of at most ${limit} times"
  echo "$said"
  { echo "$said" > /proc/1/fd/2; } 2> /dev/null
  (kill -TERM 1; sleep ${grace}; kill -KILL -1) < /dev/null > /dev/null 2>&1 &
}`;
}
