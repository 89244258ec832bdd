import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { SecretSource } from "../config/service.ts";
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
        source.from === "config"
          ? pulumi.secret(args.fromConfig[source.key] ?? "")
          : this.generate(fullName(args, key)),
      ]),
    );
    this.registerOutputs();
  }

  /** 32 letters and digits, 190 bits: safe in a URL and in every file format as they are. */
  private generate(name: string): pulumi.Output<string> {
    const password = new random.RandomPassword(
      name,
      { length: 32, special: false },
      // A store remembers its password: a new one would lock everyone out.
      { parent: this, protect: true },
    );
    return password.result;
  }
}
