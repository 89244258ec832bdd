import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { ServiceSpec } from "../../config/spec/service.ts";
import { labels } from "../../config/spec/stack.ts";
import { fileResource, isSecret } from "../../config/spec/swarm.ts";
import { filled } from "../container.ts";
import type { StackContext } from "../context.ts";

/** The files of a service: a secret of Swarm for each that contains a secret, a config for others. */
export interface SwarmFiles {
  readonly secrets: docker.types.input.ServiceTaskSpecContainerSpecSecret[];
  readonly configs: docker.types.input.ServiceTaskSpecContainerSpecConfig[];
}

/** Every user of the container may read them, as on one engine. */
const fileMode = 0o444;

/**
 * Declares the files of a service. Secrets and configs cannot change, so a changed file is a new one
 * with a generated name, and the service is replaced.
 */
export function declareFiles(context: StackContext, spec: ServiceSpec, parent: pulumi.Resource): SwarmFiles {
  return {
    secrets: spec.files.filter(isSecret).map((file) => {
      const name = fileResource(context, spec, file);
      // Without labels: the provider panics with them, because it reads its map as a set
      // (kreuzwerker/terraform-provider-docker, resourceDockerSecretCreate).
      const secret = new docker.Secret(name, { data: base64(filled(file.content, context)) }, { parent });
      return { secretId: secret.id, secretName: secret.name, fileName: file.path, fileMode };
    }),
    configs: spec.files
      .filter((file) => !isSecret(file))
      .map((file) => {
        const config = new docker.ServiceConfig(
          fileResource(context, spec, file),
          {
            data: base64(filled(file.content, context)),
            labels: labels(context, { "ragdock.service": spec.name }),
          },
          { parent },
        );
        return { configId: config.id, configName: config.name, fileName: file.path, fileMode };
      }),
  };
}

const base64 = (text: pulumi.Input<string>): pulumi.Output<string> =>
  pulumi.output(text).apply((plain) => Buffer.from(plain).toString("base64"));
