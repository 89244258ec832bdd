import { createRequire } from "node:module";

/** A supported Pulumi package, and the Terraform provider that it wraps. */
export interface Package {
  readonly name: string;
  /** The folder under `engine/terraform/providers` that pins the provider's sources. */
  readonly provider: string;
  readonly types: Readonly<Record<string, ResourceType>>;
  /** The settings of the provider that `<package>:<key>` in the stack's config can set. */
  readonly settings: readonly string[];
}

/** One resource type: its Terraform name, and how Pulumi's provider treats it. */
export interface ResourceType {
  readonly terraform: string;
  /** Whether an absent `name` is generated from the logical name. */
  readonly autoName?: true;
  /** Whether a replacement deletes first, unless the program sets `deleteBeforeReplace`. */
  readonly deleteFirst?: true;
  /** The input that makes a creation wait until the resource is healthy. */
  readonly waitsWith?: string;
}

const docker: Package = {
  name: "docker",
  provider: "docker",
  settings: [
    "host",
    "context",
    "certPath",
    "caMaterial",
    "certMaterial",
    "keyMaterial",
    "registryAuth",
    "sshOpts",
  ],
  types: {
    "docker:index/buildxBuilder:BuildxBuilder": { terraform: "docker_buildx_builder", autoName: true },
    "docker:index/container:Container": {
      terraform: "docker_container",
      autoName: true,
      deleteFirst: true,
      waitsWith: "wait",
    },
    "docker:index/network:Network": { terraform: "docker_network", autoName: true },
    "docker:index/plugin:Plugin": { terraform: "docker_plugin", autoName: true },
    "docker:index/registryImage:RegistryImage": { terraform: "docker_registry_image", autoName: true },
    "docker:index/remoteImage:RemoteImage": { terraform: "docker_image" },
    "docker:index/secret:Secret": { terraform: "docker_secret", autoName: true },
    "docker:index/service:Service": { terraform: "docker_service", autoName: true },
    "docker:index/serviceConfig:ServiceConfig": { terraform: "docker_config", autoName: true },
    "docker:index/tag:Tag": { terraform: "docker_tag" },
    "docker:index/volume:Volume": { terraform: "docker_volume", autoName: true },
  },
};

const random: Package = {
  name: "random",
  provider: "random",
  settings: [],
  types: {
    "random:index/randomBytes:RandomBytes": { terraform: "random_bytes" },
    "random:index/randomId:RandomId": { terraform: "random_id" },
    "random:index/randomInteger:RandomInteger": { terraform: "random_integer" },
    "random:index/randomPassword:RandomPassword": { terraform: "random_password" },
    "random:index/randomPet:RandomPet": { terraform: "random_pet" },
    "random:index/randomShuffle:RandomShuffle": { terraform: "random_shuffle" },
    "random:index/randomString:RandomString": { terraform: "random_string" },
    "random:index/randomUuid:RandomUuid": { terraform: "random_uuid" },
    "random:index/randomUuid4:RandomUuid4": { terraform: "random_uuid4" },
    "random:index/randomUuid7:RandomUuid7": { terraform: "random_uuid7" },
  },
};

/** The supported packages by their Pulumi names. */
export const PACKAGES: Readonly<Record<string, Package>> = { docker, random };

const INSTEAD: Readonly<Record<string, string>> = {
  "docker:index/image:Image": "use docker.RemoteImage with a build block",
  "pulumi:pulumi:StackReference": "pass the value through this stack's config",
  "pulumi-nodejs:dynamic:Resource": "use a docker.Container that runs the step and reads its exit code",
};

const sdk = createRequire(import.meta.url);
const PROVIDER_PREFIX = "pulumi:providers:";

/** Whether a type is that of an explicit provider, such as `new docker.Provider(...)`. */
export const isProviderType = (type: string): boolean => type.startsWith(PROVIDER_PREFIX);

/** Returns the package of a resource type or of an explicit provider's type. */
export function packageOf(type: string): Package {
  const name = isProviderType(type) ? type.slice(PROVIDER_PREFIX.length) : (type.split(":")[0] ?? "");
  const found = PACKAGES[name];
  if (!found) throw new Error(refusal(type, `only ${Object.keys(PACKAGES).join(" and ")} resources are`));
  return found;
}

/** Returns the installed version of a package's SDK. */
export function packageVersion(name: string): string {
  return (sdk(`@pulumi/${name}/package.json`) as { version: string }).version;
}

/** Refuses a version other than the installed one, because each provider has only one build. */
export function requireVersion(type: string, version: string | undefined): void {
  const { name } = packageOf(type);
  const installed = packageVersion(name);
  if (version === undefined || version === installed) return;
  throw new Error(
    refusal(
      `the resource option version "${version}"`,
      `the installed @pulumi/${name} is ${installed}; remove the option`,
    ),
  );
}

/** Returns the resource type of a Pulumi token. @throws for an unsupported type, with its name */
export function resourceType(type: string): ResourceType {
  const instead = INSTEAD[type];
  if (instead) throw new Error(refusal(type, instead));
  const found = packageOf(type).types[type];
  if (!found) throw new Error(refusal(type, "run this program with the pulumi CLI"));
  return found;
}

function refusal(type: string, hint: string): string {
  return `${type} is not supported by the embedded engine: ${hint}`;
}
