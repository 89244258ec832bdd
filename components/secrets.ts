import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { SecretSource } from "../config/spec/content.ts";
import { fullName, type StackName } from "../config/spec/stack.ts";

export interface SecretsArgs extends StackName {
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** Values of the secrets that the user sets, by their config key. */
  readonly fromConfig: Readonly<Record<string, pulumi.Input<string>>>;
}

/** The secrets of a stack: generated once and kept, or taken from the stack's own secret config. */
export class Secrets extends pulumi.ComponentResource {
  /** Values by name. Each is secret. */
  readonly values: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: SecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ragdock:core:Secrets", name, {}, opts);
    this.values = Object.fromEntries(
      Object.entries(args.secrets).map(([key, source]) => [
        key,
        this.value(fullName(args, key), source, args),
      ]),
    );
    this.registerOutputs();
  }

  private value(name: string, source: SecretSource, { fromConfig }: SecretsArgs): pulumi.Output<string> {
    switch (source.from) {
      case "config":
        return pulumi.secret(fromConfig[source.key] ?? "");
      case "known":
        return pulumi.secret(source.value);
      case "generated":
        return this.generate(name, source.generation);
    }
  }

  /** 32 letters and digits, 190 bits: valid in URLs and in every file format without escaping. */
  private generate(name: string, generation: number): pulumi.Output<string> {
    const first = generation === 1;
    const password = new random.RandomPassword(
      name,
      { length: 32, special: false, ...(first ? {} : { keepers: { generation: String(generation) } }) },
      // A store keeps the first password, so it is protected. A later one replaces it, which
      // protection would forbid. One update may both unprotect and replace.
      { parent: this, protect: first },
    );
    return password.result;
  }
}
