import { capabilities } from "../../config/spec/limits.ts";
import { isJob } from "./hosts.ts";
import { tagOf } from "./kinds.ts";
import { isActive } from "./profiles.ts";
import { environmentRules } from "./rules-environment.ts";
import { others, storageRules } from "./rules-storage.ts";
import { at, isTrue, textOf, textsOf } from "./tree.ts";
import { always, improved, type Rule, type Rules, taken, unsupported } from "./verdict.ts";
import { isFolder, isLabel, isProxyLabel } from "./write/container.ts";
import { programOf } from "./write/programs.ts";

const image: Rule = (value, _, { service, kind, world }) => {
  const reference = textOf(value) ?? "";
  // The build can be that of another service.
  const { tree = service.tree } = world.project.services.find(({ name }) => name === service.name) ?? {};
  if (at(tree, "build"))
    return improved("The image is built from its folder, and its name contains a digest of the files.");
  const tag = tagOf(reference);
  const why = kind.kind === "foreign" && kind.why ? ` ${kind.why}` : "";
  if (tag === undefined || tag === "latest")
    return improved(
      `${reference} can refer to another image tomorrow. The list of next steps has the command that pins the image.${why}`,
    );
  return taken(`The image ${reference}.${why}`);
};

const port: Rule = (value, _, { kind }) => {
  const [target, published, host, protocol] = ["target", "published", "host_ip", "protocol"].map((key) =>
    textOf(at(value, key)),
  );
  const except = others(value, [
    "target",
    "published",
    "host_ip",
    "protocol",
    "mode",
    "name",
    "app_protocol",
  ]);
  if (protocol === "udp") return { ...unsupported("Ragdock publishes TCP ports only."), except };
  if (/-/.test(`${target}${published ?? ""}`))
    return { ...unsupported("Ragdock publishes no port ranges. Name each port."), except };
  if (published === undefined)
    return {
      ...improved(
        `Compose publishes ${target} on a random port. Ragdock does not publish it. The ingress passes requests to it.`,
      ),
      except,
    };
  if (kind.kind === "foreign" && programOf(kind.name).port !== undefined)
    return { ...improved("Ragdock does not publish it. Other services reach it on its network."), except };
  if (host === "127.0.0.1" || host === "::1")
    return { ...taken(`Port ${published} is open on this host only.`), except };
  return {
    ...improved(
      `Compose opens ${published} to every host. The stack is for dev, so only this host reaches it. In prod, other hosts use the ingress.`,
    ),
    except,
  };
};

const dependency: Rule = (value, name, { service, world: { project } }) => {
  const except = others(value, ["condition", "required", "restart"]);
  if (!project.services.some((one) => one.name === name))
    return { ...unsupported(`There is no service ${name} in ${service.name}'s project.`), except };
  switch (textOf(at(value, "condition"))) {
    case "service_healthy":
      return { ...taken(`It starts after ${name} is healthy.`), except };
    case "service_completed_successfully":
      return { ...taken(`${name} is a job. This service starts after that one succeeds.`), except };
    default:
      return { ...improved(`It starts after ${name} is healthy, not after ${name} has started.`), except };
  }
};

const healthTest: Rule = (value) =>
  textsOf(value)[0] === "NONE"
    ? unsupported(
        "Ragdock needs a health check. Without one, it cannot tell when a new container can take over.",
      )
    : taken("The health check stays the same.");

const capability: Rule = (value) => {
  const name = (textOf(value) ?? "").replace(/^CAP_/, "");
  return capabilities.some((one) => one === name)
    ? taken(`The capability ${name}.`)
    : unsupported(`Ragdock keeps only these capabilities: ${capabilities.join(", ")}.`);
};

const extraHost: Rule = (value, name) =>
  /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name) && textOf(value) !== undefined
    ? taken("Name and address stay the same.")
    : unsupported("Ragdock accepts host names in lower case only.");

const restart: Rule = (value, _, { service, world: { project } }) => {
  const policy = textOf(value) ?? "no";
  if (policy === "always" || policy === "unless-stopped") return taken("Ragdock restarts every service.");
  return isJob(service, project)
    ? taken("It is a job, because another service waits until it ends.")
    : improved(
        "Ragdock restarts every service. Ragdock lets a service end only if another service waits for it.",
      );
};

const own =
  (key: string, what: string): Rule =>
  (value, _, { service }) =>
    textOf(value) === service.name
      ? taken("Ragdock uses the name of the service.")
      : improved(
          `${what} ${key === "container_name" ? "Variables with the old name get the name of the service." : ""}`.trim(),
        );

const devices: Rule = (value) =>
  textsOf(at(value, "capabilities")).includes("gpu")
    ? {
        ...improved(
          "The container gets all GPUs of the host. The Docker provider cannot limit their number.",
        ),
        except: others(value, ["driver", "count", "capabilities"]),
      }
    : unsupported("Ragdock reserves GPUs only.");

const readOnly: Rule = (value) =>
  isTrue(value)
    ? taken("The root file system is read-only if the service has folders in memory and no files.")
    : taken("The service may write everywhere, unless it has folders in memory and no files.");

/** A label. A proxy can find its services by labels, but no such proxy runs in the stack. */
const label: Rule = (_, name) => {
  if (isProxyLabel(name))
    return improved(
      "It configures a proxy. The ingress passes requests to the service: `route` and `routes`.",
    );
  return isLabel(name) ? taken("The same label.") : unsupported("Ragdock has no setting for this label.");
};

const workingDir: Rule = (value) =>
  isFolder(textOf(value) ?? "")
    ? taken("The same folder.")
    : unsupported("Write an absolute path in the container.");

/**
 * Rules for a service that Ragdock runs unchanged: an application, a console or a foreign image.
 */
export const applicationRules: Rules = {
  ...environmentRules,
  ...storageRules,
  image,
  "build.context": always(taken("This is the folder that the image is built from.")),
  "build.dockerfile": always(taken("The same Dockerfile.")),
  "build.target": always(taken("The stage of the Dockerfile stays the same.")),
  "build.args": always(taken("The build arguments stay the same.")),
  "build.tags": always(taken("Ragdock names the image itself.")),
  entrypoint: always(taken("The same entrypoint.")),
  command: always(taken("The same command.")),
  user: always(taken("The same user.")),
  "ports[]": port,
  "expose[]": always(taken("Services that share a network can reach all ports of each other.")),
  "depends_on.*": dependency,
  "links[]": always(improved("A service reaches another one by its name.")),
  "networks.*": always(
    improved("Ragdock gives a service the networks of the services that it calls, and no other."),
  ),
  "networks.*.aliases[]": always(taken("Variables with this name get the name of the service.")),
  "healthcheck.test": healthTest,
  "healthcheck.interval": always(taken("The same interval.")),
  "healthcheck.timeout": always(taken("The time limit stays the same.")),
  "healthcheck.retries": always(taken("The number of failures stays the same.")),
  "healthcheck.start_period": always(taken("The time to start stays the same.")),
  "healthcheck.disable": always(
    unsupported(
      "Ragdock needs a health check. Without one, it cannot tell when a new container can take over.",
    ),
  ),
  restart,
  container_name: own(
    "container_name",
    "Ragdock generates names of containers, so that two revisions can run.",
  ),
  hostname: own("hostname", "Other services reach it by the name of the service."),
  "profiles[]": (_, __, { service, world }) =>
    isActive(service, world)
      ? taken("COMPOSE_PROFILES chooses it.")
      : taken("The service is left out, as in Compose. Choose it with COMPOSE_PROFILES."),
  "cap_add[]": capability,
  "cap_drop[]": always(improved("Ragdock drops all capabilities.")),
  "security_opt[]": (value) =>
    /^no-new-privileges([:=]true)?$/.test(textOf(value) ?? "")
      ? taken("Ragdock sets it for every container.")
      : unsupported("Ragdock sets no other security options."),
  read_only: readOnly,
  "extra_hosts.*": extraHost,
  stop_grace_period: always(taken("The time to stop stays the same.")),
  cpus: always(taken("The CPU limit.")),
  mem_limit: always(taken("The memory limit.")),
  mem_reservation: always(taken("This is the soft memory limit.")),
  scale: always(taken("This is the number of containers.")),
  "deploy.replicas": always(taken("The number of containers.")),
  "deploy.resources.limits.cpus": always(taken("The CPU limit.")),
  "deploy.resources.limits.memory": always(taken("The memory limit.")),
  "deploy.resources.reservations.memory": always(taken("The soft memory limit.")),
  "deploy.resources.reservations.devices[]": devices,
  gpus: always(taken("The container gets the GPUs of the host.")),
  "logging.driver": (value) =>
    textOf(value) === "json-file"
      ? taken("Ragdock uses the same driver.")
      : unsupported("Ragdock uses the driver json-file, which docker logs can read."),
  "logging.options.max-size": always(taken("This is the size at which a log is rotated.")),
  "logging.options.max-file": always(taken("This is the number of log files.")),
  "extends.service": always(taken("The keys of that service have their own lines.")),
  "extends.file": always(taken("The keys of that file have their own lines.")),
  privileged: always(
    unsupported("A privileged container controls the host. Name the capabilities that it needs."),
  ),
  network_mode: always(unsupported("Every service has its own networks. Publish the ports that it needs.")),
  platform: (value) =>
    textOf(value) === `linux/${process.arch === "x64" ? "amd64" : process.arch}`
      ? taken("The platform is that of this machine.")
      : unsupported("Docker chooses the platform of the host."),
  attach: always(taken("It changes only what docker compose up prints.")),
  "labels.*": label,
  working_dir: workingDir,
  "ulimits.*": always(taken("The same limit.")),
  tty: always(taken("It has no effect for a service without a terminal.")),
  stdin_open: always(taken("It changes nothing for a service without a terminal.")),
  pull_policy: always(improved("Ragdock pulls an image once, and again when its reference changes.")),
  develop: always(unsupported("In dev, services.<name>.sourceMount or a mount shows edits at once.")),
};
