import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { SecretSource } from "../config/spec/service.ts";
import { fullName, type Naming } from "./names.ts";

export interface SecretsArgs extends Naming {
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** Values of the secrets that the user sets, by their config key. */
  readonly fromConfig: Readonly<Record<string, pulumi.Input<string>>>;
}

/** The secrets of a stack: generated once and kept, or taken from the stack's own secret config. */
export class Secrets extends pulumi.ComponentResource {
  /** Values by name; each is secret. */
  readonly values: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: SecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ragdock:core:Secrets", name, {}, opts);
    this.values = Object.fromEntries(
      Object.entries(args.secrets).map(([key, source]) => [
        key,
        this.value(fullName(args, key), source, args.fromConfig),
      ]),
    );
    this.registerOutputs();
  }

  private value(
    name: string,
    source: SecretSource,
    fromConfig: SecretsArgs["fromConfig"],
  ): pulumi.Output<string> {
    switch (source.from) {
      case "config":
        return pulumi.secret(fromConfig[source.key] ?? "");
      case "value":
        return pulumi.secret(source.value);
      case "generated":
        return this.generate(name, source.generation ?? 1);
    }
  }

  /** 32 letters and digits, 190 bits: safe in a URL and in every file format as they are. */
  private generate(name: string, generation: number): pulumi.Output<string> {
    const first = generation === 1;
    const password = new random.RandomPassword(
      name,
      { length: 32, special: false, ...(first ? {} : { keepers: { generation: String(generation) } }) },
      // A store remembers the first one. A later one is made by replacing it, which protection forbids; taking that off
      // and replacing may happen in one update.
      { parent: this, protect: first },
    );
    return password.result;
  }
}
