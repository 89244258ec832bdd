import { setCommand } from "../config/spec/message.ts";
import { type Problem, problem, wrongValue } from "../config/spec/problem.ts";
import type { ContainerView, ImageView } from "./view.ts";

/**
 * A mandatory rule is always an error. An advisory one is an error under `ragdock:policy: strict`.
 */
export type Level = "mandatory" | "advisory";

/** A rule for all views of one kind. */
export interface Rule<View> {
  readonly name: string;
  readonly level: Level;
  /** The state that the rule requires. */
  readonly description: string;
  readonly check: (view: View) => readonly Problem[];
}

/** This is added to fixes that need a change of the image. */
const orAdvise = `Or accept it: ${setCommand("policy", "advise")}`;

/** The rules for containers. */
export const containerRules: readonly Rule<ContainerView>[] = [
  {
    name: "no-public-store",
    level: "mandatory",
    description: "Stores and consoles can be reached only from the Docker host, or not at all.",
    check: ({ service, kind, publicPorts }) => {
      if (kind !== "stateful" || publicPorts.length === 0) return [];
      const why = "a store or a console may be published on this host only";
      return [wrongValue(`services.${service}.exposure`, '"public"', why, "loopback")];
    },
  },
  {
    name: "limits",
    level: "mandatory",
    description: "Every container has limits for CPU and memory.",
    check: ({ service, cpus, memoryMiB }) => [
      ...(cpus > 0 ? [] : [unlimited(service, "limits.cpus", "1")]),
      ...(memoryMiB > 0 ? [] : [unlimited(service, "limits.memory", "512MiB")]),
    ],
  },
  {
    name: "log-rotation",
    level: "mandatory",
    description: "Docker rotates the log of every container.",
    check: ({ service, rotatesLogs }) => (rotatesLogs ? [] : [unlimited(service, "logs.maxSize", "10MiB")]),
  },
  {
    name: "health-check",
    level: "mandatory",
    description: "Every container that stays up has a health check.",
    check: ({ service, kind, hasHealthcheck }) =>
      kind === "job" || hasHealthcheck
        ? []
        : [
            problem(
              `services.${service}`,
              "no health check",
              "without one, Docker does not know whether it works",
              "Give the service a health check.",
            ),
          ],
  },
  {
    name: "data-in-volumes",
    level: "mandatory",
    description: "Stateful services keep their data in named volumes.",
    check: ({ service, kind, volumes }) =>
      kind !== "stateful" || volumes.length > 0
        ? []
        : [
            problem(
              `services.${service}`,
              "no named volume",
              "its data would be lost with its container",
              "Give the service a volume.",
            ),
          ],
  },
  {
    name: "no-root",
    level: "advisory",
    description: "Every container names the user that it runs as, and the user is not root.",
    check: ({ service, user }) => {
      if (user !== undefined && !/^(0|root)(:|$)/.test(user)) return [];
      const found = user === undefined ? "no user" : `the user ${user}`;
      const why = user === undefined ? "its image decides the user, which may be root" : "it runs as root";
      const own = `For your own application: ${setCommand("app.user", "10001:10001")}, or \`user\` in ragdock:apps`;
      return [problem(`services.${service}`, found, why, `${own}. ${orAdvise}`)];
    },
  },
  {
    name: "dropped-capabilities",
    level: "advisory",
    description: "Every container drops all Linux capabilities except those that its settings list.",
    check: ({ service, dropsCapabilities }) =>
      dropsCapabilities
        ? []
        : [
            problem(
              `services.${service}`,
              "Docker's 14 capabilities",
              "an attacker in the container could use them",
              `Drop ALL, and add the capabilities that the container needs. ${orAdvise}`,
            ),
          ],
  },
  {
    name: "no-secret-in-environment",
    level: "advisory",
    description: "No environment variable holds a password, a key or a token.",
    check: ({ service, environment }) =>
      Object.entries(environment)
        .filter(([name, value]) => isSecret(name, value))
        .map(([name]) =>
          problem(
            `services.${service}.environment.${name}`,
            // The value is never shown, because problems appear in logs and in comments.
            "a value that looks like a secret",
            "docker inspect shows environment variables",
            `Write it to a file of the container, with services.${service}.files. ${orAdvise}`,
          ),
        ),
  },
];

/** The rules for images that are pulled. */
export const imageRules: readonly Rule<ImageView>[] = [
  {
    name: "pinned-images",
    level: "advisory",
    description: "Every pulled image has a digest. A tag can refer to another image tomorrow.",
    check: ({ name, reference }) => {
      if (/@sha256:[0-9a-f]{64}$/.test(reference) || isBuildDigest(reference)) return [];
      const why = "a tag can refer to another image tomorrow";
      const digest = `docker buildx imagetools inspect ${reference}`;
      const fix = `Run: make lock-images. Or add the digest that this command prints: ${digest}`;
      return [problem(`pinned.${name}`, reference, why, fix)];
    },
  },
];

const unlimited = (service: string, key: string, value: string): Problem =>
  wrongValue(
    `services.${service}.${key}`,
    "no limit",
    "without a limit, it could use all of the host's resources",
    value,
  );

/** Ragdock's own tag of a built image is a digest of everything that the build reads. */
const isBuildDigest = (reference: string): boolean => /:[0-9a-f]{12}$/.test(reference);

/**
 * Guesses from the name of a variable, or finds a URL with a password. The path of a file with a
 * secret is not a secret.
 */
const isSecret = (name: string, value: string): boolean =>
  (/(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|API_KEY|ACCESS_KEY|PRIVATE_KEY|SECRET_KEY)$/i.test(name) &&
    /^[^/]/.test(value)) ||
  /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i.test(value);
