import { expect, test } from "vitest";
import { docker } from "../../host/docker.ts";
import type { CliStack } from "./cli.ts";

type Kind = "container" | "volume" | "network";

/** Returns the Docker objects of one kind whose names contain a text. */
export async function objects(name: string, kind: Kind): Promise<string[]> {
  const all = kind === "container" ? ["ps", "--all"] : [kind, "ls"];
  const ids = await docker(...all, "--quiet", "--filter", `name=${name}`);
  return ids.split("\n").filter(Boolean);
}

/** Removes the Docker objects whose names contain a text. */
export async function removeObjects(name: string): Promise<void> {
  for (const kind of ["container", "volume", "network"] as const) {
    const force = kind === "network" ? [] : ["--force"];
    for (const id of await objects(name, kind)) await docker(kind, "rm", ...force, id);
  }
}

/** Defines the tests of a program with m31, from its first `pulumi up` to `pulumi destroy`. */
export function deploysAndLeaves(program: {
  /** The stack, once it exists. */
  readonly stack: () => CliStack;
  /** A text that the names of its objects contain. */
  readonly name: string;
  /** Where its service answers on this host. */
  readonly port: number;
}): void {
  const { stack, name, port } = program;

  test("deploys a service that answers, and a second preview is empty", async () => {
    const up = await stack().pulumi("up", "--yes", "--skip-preview");
    expect(up.code, up.output).toBe(0);
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    const again = await stack().pulumi("preview", "--expect-no-changes");
    expect(again.code, again.output).toBe(0);
  });

  test("leaves only the data after destroy", async () => {
    const gone = await stack().pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected");
    expect(gone.code, gone.output).toBe(0);
    expect(await objects(name, "container")).toEqual([]);
    expect(await objects(name, "network")).toEqual([]);
    expect(await objects(name, "volume")).toHaveLength(1);
  });
}
