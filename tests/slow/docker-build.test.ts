/**
 * Runs the commands of systems/README.md and of the Dockerfiles of the applications as they are
 * written: each image is built with plain `docker build` and becomes healthy with `docker run`. The
 * stand-ins have the names of the official images meanwhile, because no registry is asked. These
 * tests do not prove that the official images work. Docker before 23 builds with DOCKER_BUILDKIT=1.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { images } from "../../config/images.ts";
import { eventually } from "../../tools/eventually.ts";
import { standIn } from "../support/docker.ts";
import { docker, projectDir } from "../support/stack.ts";

const read = (file: string): string => readFileSync(`${projectDir}/${file}`, "utf8");

/** The commands of a text, with continued lines as one. */
const commandsIn = (text: string): string[] =>
  text
    .replaceAll(/ \\\n\s*/g, " ")
    .split("\n")
    .filter(Boolean);

/** The commands in a Dockerfile's first comment. */
const commandsOf = (file: string): string[] =>
  commandsIn((read(file).match(/^#.*\n/gm) ?? []).join("").replaceAll(/^# ?/gm, "")).flatMap(
    (line) => /^ {2}(docker .*)/.exec(line)?.[1] ?? [],
  );

const [bases = [], example = [], stores = []] = [
  ...read("systems/README.md").matchAll(/```sh\n(.*?)```/gs),
].map(([, text = ""]) => commandsIn(text));

/** In this order: the database of mnemolite has to run before the application. */
const dockerfiles = [
  "dockerfiles/app",
  "dockerfiles/ui",
  "systems/financerag",
  "systems/m31",
  "systems/mnemolite/db",
  "systems/mnemolite",
  "systems/myrag/api",
  "systems/myrag/ui",
  "systems/rag-events",
];

/** Runs a command in the checkout. @throws its output if it fails */
function run(command: string): Promise<string> {
  const env = { ...process.env, DOCKER_BUILDKIT: "1" };
  const child = spawn("sh", ["-c", command], { cwd: projectDir, env });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => {
      output += data;
    });
  return new Promise((done, fail) =>
    child.on("close", (code) => (code === 0 ? done(output) : fail(new Error(`${command}\n${output}`)))),
  );
}

const containers: string[] = [];

/** Starts a container in the background, with a free port of this host, and waits for its health. */
async function healthy(command: string): Promise<void> {
  const id = (
    await run(command.replace(/run (--rm|-d)/, "run -d").replace(/-p \d+:/, "-p 127.0.0.1::"))
  ).trim();
  containers.push(id);
  const state = () => docker("inspect", "--format", "{{.State.Health.Status}} {{.State.Status}}", id);
  await eventually(async () => {
    const now = (await state()).trim();
    if (now.endsWith("exited")) throw new Error(`${command}\n${await docker("logs", id)}`);
    return now === "healthy running" || undefined;
  }, 180);
}

const named = ["postgres", "redis", "chroma", "python"].map((name) => ({
  name,
  reference: images.find((image) => image.name === name)?.reference ?? "",
}));
const tagged: string[] = [];

beforeAll(async () => {
  for (const { name, reference } of named) {
    // An official image of this host stays as it is.
    if (await docker("image", "inspect", reference).catch(() => "")) continue;
    await docker("tag", await standIn(name), reference);
    tagged.push(reference);
  }
  for (const command of [...bases, ...stores]) {
    const output = await run(command);
    if (command.startsWith("docker run")) containers.push(output.trim());
  }
});

afterAll(async () => {
  for (const id of containers) await docker("rm", "-fv", id).catch(() => "");
  await docker("network", "rm", "rag").catch(() => "");
  const own = await docker(
    "images",
    "--format",
    "{{.Repository}}:{{.Tag}}",
    "--filter",
    "reference=ragdock/*:local",
  );
  for (const image of [...tagged, ...own.split("\n").filter(Boolean)])
    await docker("rmi", image).catch(() => "");
});

it("the README names the images of the catalogue, and an example that a Dockerfile has", () => {
  for (const { reference } of named.filter(({ name }) => name !== "python"))
    expect(stores.join("\n")).toContain(reference);
  expect(commandsOf("systems/rag-events/Dockerfile")).toEqual(example);
});

describe.each(dockerfiles)("the image of %s", (folder) => {
  it("is built and becomes healthy", async () => {
    const commands = commandsOf(`${folder}/Dockerfile`);
    expect(commands.length).toBeGreaterThanOrEqual(2);
    for (const command of commands)
      if (!command.startsWith("docker run") || command.includes("--no-healthcheck")) await run(command);
      else await healthy(command);
  });
});
