import type { Duration } from "./units.ts";

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

type Timing = Partial<Omit<Healthcheck, "test">>;

const timing = { interval: "5s", timeout: "5s", retries: 3, startPeriod: "30s" } as const;

const healthcheck = (test: readonly string[], t: Timing): Healthcheck => ({ ...timing, ...t, test });

/**
 * Requests a path with BusyBox's wget, which every image that uses this has on its PATH. A 2xx
 * answer is healthy.
 */
export const wget = (port: number, path: string, host = "127.0.0.1"): readonly string[] =>
  `wget -q -T 4 -O /dev/null http://${host}:${port}${path}`.split(" ");

/** Requests a path with bash alone and expects a 200, for images without an HTTP client. */
export function bashHttp(port: number, path: string): readonly string[] {
  const request = `GET ${path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n`;
  const script = `exec 3<>/dev/tcp/127.0.0.1/${port}; printf '${request}' >&3; read -r -t 4 _ status _ <&3; [[ $status == 200 ]]`;
  return ["bash", "-c", script];
}

const urlopen = (url: string): string => `import urllib.request as u; u.urlopen('${url}', timeout=4)`;

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
    Healthcheck.command(["python3", "-c", urlopen(`http://127.0.0.1:${port}${path}`)], t),
  /** GETs a path with whichever HTTP client the image has, for images that are not ours. */
  anyHttp: (path: string, port: number, t: Timing = {}): Healthcheck => {
    const url = `http://127.0.0.1:${port}${path}`;
    const curl = `curl -fsS -m 4 -o /dev/null ${url}`;
    return Healthcheck.shell(`${wget(port, path).join(" ")} || ${curl} || python3 -c "${urlopen(url)}"`, t);
  },
} as const;
