import type { Duration } from "./units.ts";

/** How Docker finds out whether a container does its work. */
export interface Healthcheck {
  /** The command as Docker's HEALTHCHECK takes it: `["CMD", …]` or `["CMD-SHELL", line]`. */
  readonly test: readonly string[];
  readonly interval: Duration;
  readonly timeout: Duration;
  readonly retries: number;
  /** Failures within this time after the start are not counted. */
  readonly startPeriod: Duration;
}

/** When a health check runs and what counts as a failure. */
export type HealthcheckTiming = Partial<Omit<Healthcheck, "test">>;

const timing = { interval: "5s", timeout: "5s", retries: 3, startPeriod: "30s" } as const;

const urlopen = (url: string): string => `import urllib.request as u; u.urlopen('${url}', timeout=4)`;

/** Kinds of health checks. Each can fail, and each uses a program that is in the image. */
export const Healthcheck = {
  /** Runs `argv` in the container; exit code 0 is healthy. */
  command: (argv: readonly string[], t: HealthcheckTiming = {}): Healthcheck => ({
    ...timing,
    ...t,
    test: ["CMD", ...argv],
  }),
  /** Runs `line` by the container's shell; exit code 0 is healthy. */
  shell: (line: string, t: HealthcheckTiming = {}): Healthcheck => ({
    ...timing,
    ...t,
    test: ["CMD-SHELL", line],
  }),
  /** GETs a path with BusyBox's wget; a 2xx answer is healthy. */
  http: (path: string, port: number, t: HealthcheckTiming = {}): Healthcheck =>
    Healthcheck.command(["wget", "-q", "-T", "4", "-O", "/dev/null", `http://127.0.0.1:${port}${path}`], t),
  /** GETs a path with Python, for images of Python applications. */
  python: (path: string, port: number, t: HealthcheckTiming = {}): Healthcheck =>
    Healthcheck.command(["python3", "-c", urlopen(`http://127.0.0.1:${port}${path}`)], t),
  /** GETs a path with whichever HTTP client the image has, for images that are not ours. */
  anyHttp: (path: string, port: number, t: HealthcheckTiming = {}): Healthcheck => {
    const url = `http://127.0.0.1:${port}${path}`;
    const python = `python3 -c "${urlopen(url)}"`;
    return Healthcheck.shell(
      `wget -q -T 4 -O /dev/null ${url} || curl -fsS -m 4 -o /dev/null ${url} || ${python}`,
      t,
    );
  },
  /** Opens a TCP connection with bash, for images without any HTTP client. */
  tcp: (port: number, t: HealthcheckTiming = {}): Healthcheck =>
    Healthcheck.command(["bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/${port}`], t),
} as const;
