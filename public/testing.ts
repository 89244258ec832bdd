/** The exports that the tests of a system outside of the checkout import as `ragdock/testing`. */
import { fileURLToPath } from "node:url";
import { images } from "../config/images.ts";
import { readSystem } from "../config/resolve.ts";
import { userSecrets } from "../config/settings/schema.ts";
import { shownTo } from "../config/spec/message.ts";
import { outsideNetwork } from "../config/spec/networks.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { knownPrograms, lackingPrograms, lackingVolumes, wrongCommand } from "../policies/programs.ts";

/** The settings of Pulumi.prod.yaml: requests need TLS and a sign-in. */
const ingress = { tls: "internal", signIn: { users: true } };

/**
 * Checks a system as Ragdock's own tests check its systems: in `dev` and `prod`, with images from
 * registries and from packages. It needs no Docker. It does not prove that an application works.
 * @param file the file of the system, or the name of its package
 * @param settings more settings, as under `ragdock:` in a stack's file
 * @returns one line per mistake: none if the system is right
 * @example assert.deepEqual(checkSystem(new URL("./system.ts", import.meta.url)), []);
 */
export function checkSystem(file: string | URL, settings: Readonly<Record<string, unknown>> = {}): string[] {
  const system = file instanceof URL ? fileURLToPath(file) : file;
  return ["dev", "prod"].flatMap((environment) =>
    ["registry", "packages"].flatMap((images) => {
      const raw = { ...settings, system, environment, images };
      const lines = mistakes(environment === "prod" && hasIngress(raw) ? { ingress, ...raw } : raw);
      return lines.map((line) => `${environment}, images: ${images}: ${line}`);
    }),
  );
}

const facts = { project: "ragdock", stack: "test", secrets: new Set(Object.keys(userSecrets)), host: {} };

/**
 * Whether requests reach the system from outside. Otherwise settings of the ingress are refused.
 */
const hasIngress = (raw: Readonly<Record<string, unknown>>): boolean =>
  readSystem(raw, facts).spec?.services.some(({ role }) => role === "ingress") ?? false;

function mistakes(raw: Readonly<Record<string, unknown>>): string[] {
  const { spec, problems } = readSystem(raw, facts);
  return [
    ...problems.map(
      ({ path, found, problem, fix }) =>
        `${path}: found ${found}; ${problem}. ${shownTo(fix, { deployer: "pulumi" })}`,
    ),
    ...(spec ? [...wrongImages(spec), ...wrongNetworks(spec)] : []),
  ];
}

/**
 * Reports programs, commands and volumes that a service uses but its official image does not have.
 */
function wrongImages({ services }: SystemSpec): string[] {
  const own = services.flatMap(({ image }) => (image.from === "catalogue" ? [image.image] : []));
  const known = knownPrograms([...images, ...own]);
  return services
    .filter(({ image }) => image.from === "catalogue")
    .flatMap((service) => {
      const command = wrongCommand(service);
      return [
        ...lackingPrograms(service, known).map((program) => `the image has no ${program}`),
        ...(command === undefined
          ? []
          : [`the entrypoint of the image does not accept the command ${command}`]),
        ...lackingVolumes(service).map((path) => `there is no volume at ${path}, where the image keeps data`),
      ].map((line) => `${service.name}: ${line}`);
    });
}

function wrongNetworks({ services, networks }: SystemSpec): string[] {
  const open = Object.entries(networks).filter(
    ([name, { internal }]) => !internal && name !== outsideNetwork,
  );
  return [
    ...services
      .filter((service) => service.networks.length === 0)
      .map(({ name }) => `${name} is on no network`),
    ...open.map(([name]) => `the network ${name} has a route out`),
  ];
}
