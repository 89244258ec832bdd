/**
 * Writes the nginx.conf files of ingress and gateway into a folder, for the linter: those of `full`
 * with TLS and a sign-in, which have all directives.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { shown } from "../../config/spec/content.ts";
import { specOf } from "../docs/specs.ts";

const [, , folder = "."] = process.argv;

for (const { name, files } of specOf("full", "prod").services) {
  const conf = files.find(({ path }) => path.endsWith("/nginx.conf"));
  if (conf) writeFileSync(join(folder, `${name}.conf`), shown(conf.content));
}
