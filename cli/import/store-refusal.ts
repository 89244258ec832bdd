import { clientsOf, isJob, variablesIn } from "./hosts.ts";
import { kindOf, type OptionalStore } from "./kinds.ts";
import { imageOf, optionalStore, versionOf } from "./optional-stores.ts";
import { isActive } from "./profiles.ts";
import type { ComposeProject, ComposeService } from "./read.ts";
import { hasLogin } from "./store-logins.ts";
import { at, children, isTrue, textOf, textsOf } from "./tree.ts";

/** Why the stack's own store cannot replace a service. Undefined if it can. */
export function storeRefusal(
  store: OptionalStore,
  service: ComposeService,
  project: ComposeProject,
): string | undefined {
  const { title, versions, versionsText, data, database } = optionalStore[store];
  const version = versionOf(service);
  if (version !== undefined && !versions.test(version))
    return `The stack's ${title} supports ${versionsText}, and this is ${version}.`;
  if (at(service.tree, "entrypoint") || at(service.tree, "configs"))
    return `It has its own entrypoint or configuration, and the stack's ${title} cannot use it.`;
  const targets = children(at(service.tree, "volumes")).map((volume) => textOf(at(volume, "target")) ?? "");
  const other = targets.find((target) => !data.test(target) && !target.startsWith("/var/log"));
  if (other !== undefined) return `It mounts ${other}, and the stack's ${title} mounts only its data.`;
  const values = Object.fromEntries(variablesIn(service));
  if (store === "clickhouse" && values.CLICKHOUSE_DB && values.CLICKHOUSE_DB !== database)
    return `Its database is called ${values.CLICKHOUSE_DB}, and the stack's database is called ${database}.`;
  if (store === "mysql" && !values.MYSQL_DATABASE)
    return `It has no MYSQL_DATABASE, and the stack's MySQL has one database, ${database}.`;
  if (store === "minio") {
    const command = textsOf(at(service.tree, "command")).join(" ");
    if (!/(^|\s)\/data\/?(\s|$)/.test(command) || /--address/.test(command))
      return "It serves another folder than /data, or another port than 9000.";
  }
  if (store === "opensearch" && !isOpen(service))
    return "Its security plugin is on, and the stack's OpenSearch does not use the plugin, because it needs certificates.";
  return clientRefusal(store, service, project);
}

/** Whether OpenSearch takes requests without a login. */
const isOpen = (service: ComposeService): boolean =>
  ["DISABLE_SECURITY_PLUGIN", "plugins.security.disabled"].some((name) =>
    isTrue(at(service.tree, "environment", name)),
  );

/** Why a client could not use the stack's own store. A client must get the login in variables. */
function clientRefusal(
  store: OptionalStore,
  service: ComposeService,
  project: ComposeProject,
): string | undefined {
  const { title } = optionalStore[store];
  const clients = clientsOf(service, project).filter(
    (client) =>
      isActive(client, { project }) &&
      kindOf(client).kind !== "console" &&
      !isJob(client, project) &&
      !isClientOfMinio(client),
  );
  if (clients.length === 0) return "No application calls it.";
  const without = clients.find((client) => !hasLogin(store, client, service));
  if (!without) return undefined;
  return `${without.name} has no variables with the login of ${title}, so it could not use the stack's login.`;
}

/** MinIO's client creates buckets, and then ends. */
const isClientOfMinio = (service: ComposeService): boolean => /(^|\/)minio\/mc(:|$)/.test(imageOf(service));
