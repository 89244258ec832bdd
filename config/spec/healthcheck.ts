import { pythonGet, shellGet } from "./http-check.ts";
import { type Duration, seconds } from "./units.ts";

/** The health check of a container. */
export interface Healthcheck {
  /** The command as Docker's HEALTHCHECK takes it: `["CMD", …]` or `["CMD-SHELL", line]`. */
  readonly test: readonly string[];
  readonly interval: Duration;
  readonly timeout: Duration;
  readonly retries: number;
  /** Failures within this time after the start are not counted. */
  readonly startPeriod: Duration;
}

/** Seconds within which a container becomes healthy or unhealthy: its start and all failing checks. */
export const settled = ({ startPeriod, retries, interval, timeout }: Healthcheck): number =>
  seconds(startPeriod) + retries * (seconds(interval) + seconds(timeout));

type Timing = Partial<Omit<Healthcheck, "test">>;

const timing = { interval: "5s", timeout: "5s", retries: 3, startPeriod: "30s" } as const;

const healthcheck = (test: readonly string[], t: Timing): Healthcheck => ({ ...timing, ...t, test });

/**
 * Requests a path with BusyBox's wget, which every image that uses this has on its PATH. A 2xx
 * answer is healthy.
 */
export const wget = (port: number, path: string, host = "127.0.0.1", most = 4): readonly string[] =>
  `wget -q -T ${most} -O /dev/null http://${host}:${port}${path}`.split(" ");

/** Requests a path with bash alone and expects a 200, for images without an HTTP client. */
export function bashHttp(port: number, path: string): readonly string[] {
  const request = `GET ${path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n`;
  const script = `exec 3<>/dev/tcp/127.0.0.1/${port}; printf '${request}' >&3; read -r -t 4 _ status _ <&3; [[ $status == 200 ]]`;
  return ["bash", "-c", script];
}

/** Formats a port as in the kernel's tables of sockets. */
const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0");

/**
 * Looks the port up in the kernel's tables of sockets: state 0A is a listening one. An address
 * that ends in 7F is 127.x, and the last pattern of IPv6 is ::1: other containers do not reach them.
 */
const listensOn = (port: number): string => `said="nothing listens on port ${port}"
for table in /proc/net/tcp /proc/net/tcp6; do
  [ -r $table ] || continue
  while read -r _ address _ state _; do
    case $state:$address in
      0A:??????7F:${hexPort(port)} | 0A:00000000000000000000000001000000:${hexPort(port)})
        said="port ${port} listens on 127.0.0.1 only: let the application listen on 0.0.0.0" ;;
      0A:*:${hexPort(port)}) exit 0 ;;
    esac
  done < $table
done
echo "$said"
exit 1`;

/** Seconds after which a process that still runs counts as started. */
const startedAfter = 10;

/**
 * Reads from the kernel how long the first process of the container has run, in hundredths of a
 * second. The name of the program, which may contain blanks, ends at the last bracket.
 */
const hasStarted = `read -r up _ < /proc/uptime
stat=$(cat /proc/1/stat)
set -- \${stat##*) }
age=$((\${up%.*} - \${20} / 100))
[ "$age" -ge ${startedAfter} ] || { echo "the process has run for $age s"; exit 1; }`;

/** Kinds of health checks. Each can fail, and each uses a program that is in the image. */
export const Healthcheck = {
  /** Runs `argv` in the container; exit code 0 is healthy. */
  command: (argv: readonly string[], t: Timing = {}): Healthcheck => healthcheck(["CMD", ...argv], t),
  /** Runs `line` by the container's shell; exit code 0 is healthy. */
  shell: (line: string, t: Timing = {}): Healthcheck => healthcheck(["CMD-SHELL", line], t),
  /** GETs a path with BusyBox's wget; a 2xx answer is healthy. */
  http: (path: string, port: number, t: Timing = {}): Healthcheck => Healthcheck.command(wget(port, path), t),
  /** GETs a path with Python, for images of Python applications. */
  python: (path: string, port: number, t: Timing = {}): Healthcheck =>
    Healthcheck.command(["python3", "-c", pythonGet(`http://127.0.0.1:${port}${path}`, 4)], t),
  /** GETs a path with whichever HTTP client the image has, for images that are not ours. */
  anyHttp: (path: string, port: number, t: Timing = {}): Healthcheck => {
    // A second less than Docker's own limit, so that the error of the client is shown.
    const most = Math.max(1, seconds(t.timeout ?? timing.timeout) - 1);
    return Healthcheck.shell(shellGet(`http://127.0.0.1:${port}${path}`, most), t);
  },
  /**
   * Whether a program listens on the port, on an address that other containers reach. It connects
   * to nothing, and needs only a shell.
   */
  listens: (port: number, t: Timing = {}): Healthcheck => Healthcheck.shell(listensOn(port), t),
  /** Whether the first process has run for 10 s, for programs that listen on no port. */
  runs: (t: Timing = {}): Healthcheck => Healthcheck.shell(hasStarted, t),
} as const;
