import { execFile, execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as engine from "../../engine/index.ts";

const run = promisify(execFile);
const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));
const APPLETS = ["sh", "sleep", "cat", "true", "false", "test", "touch"];

/** One resource for `programs/declared.ts`. `<name.property>` is the output of another resource. */
export interface Declared {
  readonly kind:
    | "Container"
    | "Network"
    | "Volume"
    | "RandomPassword"
    | "RandomId"
    | "Provider"
    | "RemoteImage";
  readonly name: string;
  readonly args?: Record<string, unknown>;
  readonly opts?: Record<string, unknown>;
}

/** Builds a tiny image with a static BusyBox, under a new name. */
export function makeImage(): string {
  const root = join(tmpdir(), "ragdock-engine-busybox", "root");
  if (!existsSync(root)) {
    // Another test file may do the same at the same time, so the file appears complete or not at
    // all.
    const folder = mkdtempSync(join(tmpdir(), "ragdock-engine-busybox-"));
    execFileSync("apt-get", ["download", "-qq", "busybox-static"], { cwd: folder, stdio: "ignore" });
    const archive = readdirSync(folder).find((file) => file.endsWith(".deb")) ?? "";
    execFileSync("dpkg-deb", ["-x", archive, "root"], { cwd: folder });
    for (const applet of APPLETS) symlinkSync("busybox", join(folder, "root/bin", applet));
    mkdirSync(dirname(root), { recursive: true });
    if (!existsSync(root)) renameSync(join(folder, "root"), root);
    rmSync(folder, { recursive: true, force: true });
  }
  const image = `ragdock-engine-test:${process.pid}-${Date.now()}`;
  const tar = execFileSync("tar", ["-c", "-C", root, "bin"], { maxBuffer: 1 << 26 });
  execFileSync("docker", ["import", "-", image], { input: tar, stdio: ["pipe", "ignore", "inherit"] });
  return image;
}

export function removeImage(image: string): void {
  execFileSync("docker", ["rmi", "--force", image], { stdio: "ignore" });
}

/** A stack with a separate state folder. */
export class TestStack {
  readonly folder = mkdtempSync(join(tmpdir(), "ragdock-engine-test-"));
  readonly events: engine.EngineEvent[] = [];
  readonly options: engine.EngineOptions;

  constructor(program: string, config: Record<string, string> = {}) {
    this.options = {
      projectDir: CHECKOUT,
      program: `tests/engine/programs/${program}.ts`,
      project: "enginetest",
      stack: `t${process.pid}`,
      stateDir: this.folder,
      passphrase: "correct horse battery staple",
      config,
      onEvent: (event) => this.events.push(event),
    };
  }

  up(resources: readonly Declared[], extra: Partial<engine.EngineOptions> = {}): Promise<engine.RunResult> {
    this.events.length = 0;
    return engine.up({ ...this.with(resources), ...extra });
  }

  preview(
    resources: readonly Declared[],
    extra: Partial<engine.EngineOptions> = {},
  ): Promise<engine.RunResult> {
    this.events.length = 0;
    return engine.preview({ ...this.with(resources), ...extra });
  }

  with(resources: readonly Declared[]): engine.EngineOptions {
    return { ...this.options, config: { ...this.options.config, resources: JSON.stringify(resources) } };
  }

  async resource(name: string): Promise<engine.ResourceView> {
    const found = (await engine.readState(this.options)).find((r) => r.name === name && !r.pendingDelete);
    if (!found) throw new Error(`no resource "${name}" in the state`);
    return found;
  }

  /** Returns the provider work in the order of its events, such as "start replace box". */
  work(): string[] {
    return this.events.flatMap((e) =>
      (e.kind === "start" || e.kind === "done" || e.kind === "failed") &&
      e.op !== "same" &&
      !e.type.startsWith("pulumi:")
        ? [`${e.kind} ${e.op} ${e.name}`]
        : [],
    );
  }

  notes(): string[] {
    return this.events.flatMap((event) => (event.kind === "note" ? [event.message] : []));
  }

  stateFile(): string {
    const file = readdirSync(this.folder).find((name) => name.endsWith(".state")) ?? "";
    return readFileSync(join(this.folder, file), "utf8");
  }

  async cleanUp(): Promise<void> {
    try {
      const result = await engine.destroy({ ...this.options, unprotect: true });
      if (!result.ok) throw new Error(result.errors.join("\n"));
    } finally {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}

/** Runs a body with a new stack, and removes the stack even if the body fails. */
export async function withStack(
  program: string,
  config: Record<string, string>,
  body: (stack: TestStack) => Promise<void>,
): Promise<void> {
  const stack = new TestStack(program, config);
  try {
    await body(stack);
  } finally {
    await stack.cleanUp();
  }
}

/** Runs the docker CLI and returns its output. The output is empty if the object does not exist. */
export async function docker(...args: string[]): Promise<string> {
  const result = await run("docker", args).catch((error: { stdout?: string }) => ({
    stdout: error.stdout ?? "",
  }));
  return result.stdout.trim();
}

/** Returns the operations of a result by resource name, without the stack itself. */
export function ops(result: engine.RunResult): Record<string, engine.Op> {
  const steps = result.steps.filter((step) => step.type !== "pulumi:pulumi:Stack");
  return Object.fromEntries(steps.map((step) => [step.name, step.op]));
}
