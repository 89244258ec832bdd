import { projectFile, secretFile } from "../services/project-files.ts";
import { database } from "../services/stores.ts";
import { type Context, commonJob, type ServiceTemplate } from "../services/template.ts";
import { clientUser, secretsIn } from "../spec/secrets.ts";
import { isLongRunning, type LongRunning, type ServiceSpec } from "../spec/service.ts";

/** A store that lets its clients in by a user and a password. */
type Guarded = LongRunning & { readonly role: "postgres" | "redis" };

/** Type guard: a store that lets its clients in by a user and a password. */
export const isGuarded = (service: ServiceSpec): service is Guarded =>
  isLongRunning(service) && (service.role === "postgres" || service.role === "redis");

/** The job that makes the clients' user known to a store. */
export const jobOf = (store: ServiceSpec): string => `${store.name}-credentials`;

/** Adds to each store the job that makes its clients' user known to it, so that a new password changes no store. */
export const withCredentials = (drafts: readonly ServiceTemplate[]): ServiceTemplate[] =>
  drafts.flatMap((draft) => (isGuarded(draft) ? [draft, credentialsJob(draft)] : [draft]));

function credentialsJob(store: Guarded): ServiceTemplate {
  const { role, name, image, user, networks } = store;
  const script = projectFile(`config/services/files/${role}-credentials.sh`, "/etc/ragdock/credentials.sh");
  const environment =
    role === "postgres"
      ? { PGHOST: name, PGDATABASE: database.name, PGUSER: database.user }
      : { REDIS_HOST: name };
  return {
    ...commonJob,
    name: jobOf(store),
    role,
    image,
    ...(user ? { user } : {}),
    command: [role === "postgres" ? "bash" : "sh", script.path],
    networks,
    environment,
    files: [
      secretFile(`${role}-user`),
      secretFile(`${role}-password`),
      secretFile(`${role}-admin-password`),
      script,
    ],
    limits: { cpus: 0.25, memory: "64MiB" },
    dependsOn: [name],
    ...(role === "postgres" ? { databaseConnections: 1 } : {}),
  };
}

/** Lets every service that has a store's password, the user's own files included, wait until the store knows it. */
export function afterCredentials(drafts: readonly ServiceTemplate[]): ServiceTemplate[] {
  const stores = drafts.filter(isGuarded);
  return drafts.map((draft) => {
    const has = new Set(draft.files.flatMap((file) => secretsIn(file.content)));
    const jobs = stores.filter((store) => has.has(`${store.role}-password`)).map(jobOf);
    const dependsOn = [...new Set([...draft.dependsOn, ...jobs])].filter((name) => name !== draft.name);
    return { ...draft, dependsOn };
  });
}

/** The user that a store's clients log in as. */
export const userOf = (ctx: Context, store: Guarded["role"]): string =>
  clientUser(ctx.settings.rotations[store]);
