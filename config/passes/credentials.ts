import { secretsOf } from "../spec/secrets.ts";
import type { Pass } from "./pass.ts";

/** Lets every service that holds a store's password wait for the job that makes the password known to the store. */
export const credentials: Pass = (services) =>
  services.map((service) => {
    const jobs = secretsOf(service).flatMap(({ validAfter }) => (validAfter ? [validAfter] : []));
    const dependsOn = [...new Set([...service.dependsOn, ...jobs])].filter((name) => name !== service.name);
    return { ...service, dependsOn };
  });
