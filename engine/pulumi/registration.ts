import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb.js";
import type { AliasSpec } from "./urn.ts";
import type { Properties } from "./values.ts";

/** The program's declaration of one resource, as plain data. */
export interface Registration {
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly parent: string | undefined;
  /** The explicit provider, as `urn::id`. */
  readonly provider: string | undefined;
  readonly inputs: Properties;
  readonly dependencies: string[];
  readonly propertyDependencies: Record<string, string[]>;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  /** @default the provider decides */
  readonly deleteBeforeReplace: boolean | undefined;
  readonly deletedWith: string | undefined;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  readonly timeouts: Timeouts | undefined;
  readonly aliases: readonly AliasSpec[];
  /** The version of the package that the program asks for. */
  readonly version: string | undefined;
  /** The reason why the engine refuses the resource. */
  readonly refusal: string | undefined;
}

/** The provider's time limits, as the program set them. */
export interface Timeouts {
  readonly create?: string;
  readonly update?: string;
  readonly delete?: string;
  readonly read?: string;
}

/** The answer to a registration. */
export interface Registered {
  readonly urn: string;
  readonly id: string;
  readonly outputs: Properties;
  readonly failed: boolean;
  /** Whether this run cannot know the outputs. @default false */
  readonly unknown?: boolean;
}

/** Reads a registration from its message. */
export function readRegistration(request: RegisterResourceRequest): Registration {
  const propertyDependencies: Record<string, string[]> = {};
  for (const [key, urns] of request.getPropertydependenciesMap().entries()) {
    propertyDependencies[key] = urns.getUrnsList();
  }
  return {
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    parent: request.getParent() || undefined,
    provider: request.getProvider() || undefined,
    inputs: (request.getObject()?.toJavaScript() ?? {}) as Properties,
    dependencies: request.getDependenciesList(),
    propertyDependencies,
    protect: request.getProtect() ?? false,
    retainOnDelete: request.getRetainondelete() ?? false,
    deleteBeforeReplace: request.getDeletebeforereplacedefined()
      ? request.getDeletebeforereplace()
      : undefined,
    deletedWith: request.getDeletedwith() || undefined,
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    timeouts: readTimeouts(request),
    aliases: request.getAliasesList().map((alias) => {
      const spec = alias.getSpec();
      if (!spec) return { urn: alias.getUrn() };
      return {
        name: spec.getName(),
        type: spec.getType(),
        stack: spec.getStack(),
        project: spec.getProject(),
        parent: spec.getParenturn(),
        noParent: spec.getNoparent(),
      };
    }),
    version: request.getVersion() || undefined,
    refusal: refusalOf(request),
  };
}

function refusalOf(request: RegisterResourceRequest): string | undefined {
  const use = "run this program with the pulumi CLI";
  const unsupported: [isSet: boolean, what: string, instead: string][] = [
    [request.getRemote(), "a remote component", "write the component in the language of this program"],
    [request.getImportid() !== "", "the resource option import", "run it once with the pulumi CLI"],
    [
      request.getTransformsList().length > 0,
      "the resource option transforms",
      "change the arguments in the program",
    ],
    [request.getReplaceWithList().length > 0, "the resource option replaceWith", "use replaceOnChanges"],
    [request.hasReplacementTrigger(), "the resource option replacementTrigger", "use replaceOnChanges"],
    [request.hasHooks(), "the resource option hooks", "use a job container that the others depend on"],
    [request.getHidediffsList().length > 0, "the resource option hideDiffs", "remove the option"],
    [
      request.getPlugindownloadurl() !== "",
      "the resource option pluginDownloadURL",
      "remove the option: the provider is built from engine/terraform/providers",
    ],
    [request.getPluginchecksumsMap().getLength() > 0, "a plugin checksum", use],
    [
      request.getEnvvarmappingsMap().getLength() > 0,
      "the resource option envVarMappings",
      "set the provider's settings in the program or in the stack's config",
    ],
    [request.getPackageref() !== "", "a parameterized package", "use the docker and random packages"],
    [request.getStateMigrationsList().length > 0, "a state migration", use],
  ];
  const first = unsupported.find(([isSet]) => isSet);
  return first && `${first[1]} is not supported by the embedded engine: ${first[2]}`;
}

function readTimeouts(request: RegisterResourceRequest): Timeouts | undefined {
  const sent = request.getCustomtimeouts()?.toObject();
  return sent && Object.values(sent).some(Boolean) ? sent : undefined;
}
