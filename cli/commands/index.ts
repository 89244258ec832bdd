import type { Command } from "../command.ts";
import { build } from "./build.ts";
import { certificate } from "./certificate.ts";
import { comment } from "./comment.ts";
import { completion } from "./completion.ts";
import { compose } from "./compose.ts";
import { explainConfig, schema } from "./config.ts";
import { backup, backups, dataImport, drill, restore, upgrade } from "./data.ts";
import { clean, destroyData, down, prune } from "./down.ts";
import { importEnv } from "./env.ts";
import { exec } from "./exec.ts";
import { health } from "./health.ts";
import { importCompose } from "./import.ts";
import { load } from "./load.ts";
import { logs } from "./logs.ts";
import { net } from "./net.ts";
import { plan } from "./plan.ts";
import { plugins } from "./plugins.ts";
import { drift, preview } from "./preview.ts";
import { push } from "./push.ts";
import { restart } from "./restart.ts";
import { deployments, rollback } from "./rollback.ts";
import { rotate } from "./rotate.ts";
import { secret } from "./secret.ts";
import { psql, shell, shellApi, shellDb, shellWorker } from "./shell.ts";
import {
  addUser,
  audit,
  createKey,
  listKeys,
  listUsers,
  removeUser,
  revokeKey,
  userPassword,
  userRole,
} from "./sign-in.ts";
import { outputs, ps, status } from "./status.ts";
import { up } from "./up.ts";

/** All commands, under the headings of the help. */
export const groups: Readonly<Record<string, readonly Command[]>> = {
  "Deploy:": [up, preview, plan, drift, build, push, rollback, deployments, down],
  "Look:": [status, health, ps, logs, net, load, outputs],
  "Work inside:": [restart, exec, shell, psql, shellDb, shellApi, shellWorker],
  "Secrets:": [secret, rotate],
  "Sign-in:": [
    addUser,
    removeUser,
    listUsers,
    userPassword,
    userRole,
    createKey,
    revokeKey,
    listKeys,
    audit,
    certificate,
  ],
  "Data:": [backup, backups, restore, drill, upgrade, dataImport, destroyData],
  "Settings:": [explainConfig, schema],
  "Other:": [
    importCompose,
    importEnv,
    compose,
    clean,
    prune,
    plugins,
    comment,
    completion(() => Object.values(groups).flat()),
  ],
};
