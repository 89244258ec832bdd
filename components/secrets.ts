import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { SecretSource } from "../config/spec/content.ts";
import { fullName, type StackName } from "../config/spec/stack.ts";

export interface SecretsArgs extends StackName {
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** Values of the secrets that the user sets, by their config key. */
  readonly fromConfig: Readonly<Record<string, pulumi.Input<string>>>;
  /** Generated secrets of earlier deployments that stay in the state, with their generations. */
  readonly kept: Readonly<Record<string, number>>;
}

/** The secrets of a stack: generated once and kept, or taken from the stack's own secret config. */
export class Secrets extends pulumi.ComponentResource {
  /** Values by name. Each is secret. */
  readonly values: Readonly<Record<string, pulumi.Output<string>>>;
  /** Generated secrets that stay in the state, with their generations. */
  readonly kept: Readonly<Record<string, number>>;

  constructor(name: string, args: SecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ragdock:core:Secrets", name, {}, opts);
    this.kept = keptOf(args);
    const kept = new Map(
      Object.entries(this.kept).map(
        ([key, generation]) => [key, this.generations(fullName(args, key), generation)] as const,
      ),
    );
    this.values = Object.fromEntries(
      Object.entries(args.secrets).map(([key, source]) => [
        key,
        this.value(fullName(args, key), source, args, kept.get(key)),
      ]),
    );
    this.registerOutputs();
  }

  private value(
    name: string,
    source: SecretSource,
    { fromConfig }: SecretsArgs,
    kept: readonly pulumi.Output<string>[] | undefined,
  ): pulumi.Output<string> {
    switch (source.from) {
      case "config":
        return pulumi.secret(fromConfig[source.key] ?? "");
      case "known":
        return pulumi.secret(source.value);
      case "generated":
        return kept?.[source.generation - 1] ?? this.generate(name, source.generation);
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

  /** All generations of a secret, each of them protected. */
  private generations(name: string, generation: number): pulumi.Output<string>[] {
    return Array.from({ length: generation }, (_, index) =>
      this.generate(index === 0 ? name : `${name}-${index + 1}`, 1),
    );
  }
}

/** The generated secrets to keep: those that were kept before, and those of the services. */
function keptOf({ secrets, kept }: SecretsArgs): Record<string, number> {
  const all = { ...kept };
  for (const [key, source] of Object.entries(secrets)) {
    if (source.from !== "generated" || !source.kept) continue;
    all[key] = Math.max(source.generation, all[key] ?? 1);
  }
  return all;
}
