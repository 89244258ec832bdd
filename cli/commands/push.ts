import { execa } from "execa";
import { type Build, type ImageMode, imagePlan } from "../../components/image-plan.ts";
import { Failure } from "../../config/spec/failure.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { docker, dockerEnvironment } from "../../host/docker.ts";
import { command, print, stackOption } from "../command.ts";
import { imageModeOf, reachableSystem } from "../system.ts";
import { table } from "../ui/text.ts";

const example = "./ragdock push registry.example.org/team --tag 1.2.3";

export const push = command({
  name: "push",
  summary: "Tag the built images and push them to a registry, for other hosts",
  details:
    "It pushes the images that Ragdock builds for the stack, with the login of `docker login`, and prints the digest of each. Images that are pulled are in a registry already",
  options: {
    registry: { flags: "[registry]", description: "the registry and the path in it" },
    stack: stackOption,
    tag: {
      flags: "--tag <tag>",
      description: "the tag of all images; by default the digest of the image's content",
    },
    service: {
      flags: "--service <names>",
      description: "only the images of these services, such as api,worker",
    },
  },
  examples: ["push registry.example.org/team --tag 1.2.3", "push ghcr.io/team --service api --stack prod"],
  run: async ({ registry, stack, tag, service }) => {
    const prefix = requireRegistry(registry);
    if (tag !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(tag))
      throw new Failure(`"${tag}" cannot be a tag.`, `For example: ${example}`);
    const system = await reachableSystem(stack);
    const images = builtImages(system, await imageModeOf(system), service?.split(","));
    await requireBuilt(images, stack);
    const rows: string[][] = [];
    for (const { name, reference } of images) {
      const target = `${prefix}/${name}:${tag ?? reference.split(":").at(-1)}`;
      await docker("tag", reference, target);
      await pushImage(target);
      rows.push([name, target, await digestOf(target, `${prefix}/${name}`)]);
    }
    print(`\n${table(["IMAGE", "PUSHED AS", "DIGEST"], rows)}`);
    return 0;
  },
});

/** A registry with a path, without the slash at its end. @throws Failure if it is missing or wrong */
export function requireRegistry(text: string | undefined): string {
  if (!text)
    throw new Failure("The registry is missing.", `Name it, with the path of your team in it: ${example}`);
  const prefix = text.replace(/\/+$/, "");
  if (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/.test(prefix)) return prefix;
  throw new Failure(
    `"${text}" cannot be a registry. It must be a host name in lower case, optionally a port, and a path, without https://.`,
    `For example: ${example}`,
  );
}

/**
 * The images that Ragdock builds for a system, each once.
 * @param names limits the images to those of these services
 */
export function builtImages(
  { name: system, services }: SystemSpec,
  mode: ImageMode,
  names?: readonly string[],
): Build[] {
  const wrong = names?.filter((name) => services.every((service) => service.name !== name)) ?? [];
  if (wrong.length > 0)
    throw new Failure(
      `${system} has no service ${wrong.map((name) => `"${name}"`).join(", ")}.`,
      `Its services: ${services.map(({ name }) => name).join(", ")}.`,
    );
  const plans = services
    .filter(({ name }) => names?.includes(name) ?? true)
    .map(({ image }) => imagePlan(image, mode))
    .filter((plan) => plan.kind === "build");
  if (plans.length === 0)
    throw new Failure(
      "Ragdock builds none of these images. They already are in a registry.",
      `See their references: ./ragdock status. Ragdock builds images only for applications with a folder.`,
    );
  return [...new Map(plans.map((plan) => [plan.reference, plan])).values()];
}

async function requireBuilt(images: readonly Build[], stack: string): Promise<void> {
  const there = new Set((await docker("images", "--format", "{{.Repository}}:{{.Tag}}")).split("\n"));
  const missing = images.filter(({ reference }) => !there.has(reference));
  if (missing.length === 0) return;
  throw new Failure(
    `These images are not built yet: ${missing.map(({ name }) => name).join(", ")}. Nothing was pushed.`,
    `Run: make build STACK=${stack}`,
  );
}

/** Shows Docker's progress. @throws Failure with the reason, and the command that logs in */
async function pushImage(target: string): Promise<void> {
  const host = target.split("/")[0];
  const options = { stdio: ["ignore", "inherit", "pipe"], reject: false, env: dockerEnvironment() } as const;
  const { exitCode, stderr } = await execa("docker", ["push", target], options);
  if (exitCode === 0) return;
  throw new Failure(
    `${target} was not pushed: ${stderr.trim()}`,
    `If the registry requires a login: docker login ${host}. Then run the same command again. Images that are already pushed are skipped.`,
  );
}

/** The digest that the registry has for an image, or "unknown" if Docker did not keep it. */
async function digestOf(target: string, repository: string): Promise<string> {
  const text = await docker("image", "inspect", "--format", "{{json .RepoDigests}}", target);
  const digests = JSON.parse(text) as string[] | null;
  return digests?.find((one) => one.startsWith(`${repository}@`))?.split("@")[1] ?? "unknown";
}
