import { execa } from "execa";
import { longRunning, type SystemSpec } from "../../config/spec/service.ts";
import { type Container, dockerEnvironment, serviceOf } from "../../host/docker.ts";
import type { Finding } from "../../host/finding.ts";
import { atContainer } from "../../host/nodes.ts";

/** Seconds that an application may take to check its stores and its model. */
const timeout = 20;

/** Prints the status and the body of an answer, also of an error. */
const ask = `import sys, urllib.error, urllib.request
try:
    answer = urllib.request.urlopen(sys.argv[1], timeout=${timeout})
except urllib.error.HTTPError as error:
    answer = error
print(answer.status)
print(answer.read().decode())`;

/** The readiness that an application reports. Other applications may answer with other bodies. */
interface Body {
  readonly detail?: string;
  readonly dependencies?: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly detail?: string;
  }[];
}

/**
 * Requests the readiness of every running application that has a path for it, from inside its
 * container.
 */
export async function readiness(
  stack: string,
  system: SystemSpec,
  containers: readonly Container[],
): Promise<{ findings: Finding[]; ready: string[] }> {
  const asked = longRunning(system.services).flatMap(({ name, readiness: at }) =>
    at ? containers.filter((c) => serviceOf(c) === name).map((container) => ({ container, at })) : [],
  );
  const running = asked.filter(({ container }) => container.State.Status === "running");
  const answers = await Promise.all(
    running.map(async ({ container, at }) => {
      const unready = await atContainer(container, ({ Id }) => unreadiness(Id, at));
      return { container, at, unready };
    }),
  );
  return {
    findings: answers.flatMap(({ container, at, unready }) =>
      unready ? [findingOf(stack, container, at.path, unready)] : [],
    ),
    ready: answers.filter(({ unready }) => !unready).map(({ container }) => serviceOf(container)),
  };
}

const findingOf = (stack: string, container: Container, path: string, unready: Unready): Finding => ({
  service: serviceOf(container),
  problem: `${serviceOf(container)} (${container.Name.slice(1)}) is not ready: ${path} ${unready.answer}.`,
  evidence: unready.evidence,
  next: `make logs SERVICE=${serviceOf(container)} STACK=${stack}`,
});

interface Unready {
  readonly answer: string;
  readonly evidence: readonly string[];
}

async function unreadiness(id: string, at: { port: number; path: string }): Promise<Unready | undefined> {
  const url = `http://127.0.0.1:${at.port}${at.path}`;
  const args = ["exec", id, "python3", "-c", ask, url];
  const { stdout, stderr, failed } = await execa("docker", args, {
    env: dockerEnvironment(),
    reject: false,
    timeout: (timeout + 5) * 1000,
  });
  if (failed) return { answer: "does not answer", evidence: stderr.split("\n").slice(-1) };
  const [status = "", ...body] = stdout.split("\n");
  return unreadyAnswer(Number(status), body.join("\n"));
}

/**
 * Returns the problems that an answer reports. Some applications answer 200 and name the
 * dependencies that are missing.
 */
export function unreadyAnswer(status: number, text: string): Unready | undefined {
  const body = parsed(text);
  const missing = (body.dependencies ?? []).filter(({ ok }) => !ok);
  if (status >= 200 && status < 300 && missing.length === 0) return undefined;
  const lines = missing.map(({ name, detail }) => `${name}: ${detail || "does not answer"}`);
  return { answer: `answers ${status}`, evidence: lines.length > 0 ? lines : [body.detail ?? text.trim()] };
}

function parsed(text: string): Body {
  try {
    return (JSON.parse(text) ?? {}) as Body;
  } catch {
    return {};
  }
}
