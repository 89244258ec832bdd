import { content, type Secret } from "../spec/content.ts";
import { Healthcheck } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import type { FileSpec } from "../spec/service.ts";
import { mebibytes } from "../spec/units.ts";
import type { Context } from "./module.ts";
import { blackboxRow } from "./monitoring.ts";
import { clientLogin, clientUser, neededStore } from "./needed-store.ts";
import { projectFile } from "./project-files.ts";
import { generated, secretFile } from "./secrets.ts";
import { adminPassword, startScript } from "./store.ts";

const image = {
  name: "mysql",
  reference: "mysql:8.4.10",
  user: "999:999",
  port: 3306,
  dataPath: "/var/lib/mysql",
  official: {
    sources: [
      "docker-library/mysql@3447d2d:8.4/Dockerfile.oracle",
      "docker-library/mysql@0611882:8.4/docker-entrypoint.sh",
    ],
    base: "oraclelinux",
    programs: ["find", "mysql", "mysqladmin", "mysqld"],
    entrypoint: ["docker-entrypoint.sh"],
    runsCommands: true,
    startsAs: "root",
  },
  standIn: { unavailable: "Debian has MariaDB only, whose files and clients differ." },
} as const satisfies CatalogueImage;

/** The database of the applications. */
const database = "rag";

/** The start script uses this file. */
const logins = "/run/secrets/logins.sql";

/** The login of the health check, which is that of the clients. */
const clientFile = "/run/secrets/client.cnf";

/** MySQL: one database, whose owner is the user of the applications. */
export const mysql = neededStore(
  image,
  "MySQL",
  (ctx) => Object.values(clientLogin(ctx, image.name)),
  (ctx) => ({
    environment: {
      MYSQL_ROOT_PASSWORD_FILE: adminPassword,
      // The administrator logs in from its own container only.
      MYSQL_ROOT_HOST: "localhost",
      MYSQL_DATABASE: database,
      MYSQL_USER: clientUser,
      MYSQL_PASSWORD_FILE: passwordFile(ctx).path,
    },
    files: [
      passwordFile(ctx),
      { ...secretFile(administrator(ctx)), path: adminPassword },
      ...loginFiles(clientLogin(ctx, image.name).password, administrator(ctx)),
      projectFile("config/services/files/mysql-start.sh", startScript),
    ],
    // Over TCP: the server that initialises an empty volume listens on its socket only.
    healthcheck: Healthcheck.command(
      ["mysql", `--defaults-extra-file=${clientFile}`, "--host=127.0.0.1", "--execute=SELECT 1", database],
      { startPeriod: "2m" },
    ),
    blackbox: { module: "tcp_connect", port: image.port },
    limits: ctx.prod ? { cpus: 2, memory: "2GiB" } : { cpus: 1, memory: "768MiB" },
    stopGracePeriod: "2m",
    derive: ({ limits, command }) => ({
      command: command ?? [
        "bash",
        startScript,
        "mysqld",
        // MySQL's own default is 128 MiB. Half of the memory leaves room for connections.
        `--innodb-buffer-pool-size=${Math.floor(mebibytes(limits.memory) / 2)}M`,
      ],
    }),
    rows: [blackboxRow("stores", "MySQL", image.name, "Connection")],
  }),
);

const passwordFile = (ctx: Context): FileSpec => secretFile(clientLogin(ctx, image.name).password);

const administrator = (ctx: Context): Secret =>
  generated(ctx, `${image.name}-admin-password`, `${image.name}-admin`);

/** The passwords hold letters and digits only, so they need no quoting. */
const loginFiles = (password: Secret, admin: Secret): FileSpec[] => [
  {
    path: logins,
    content: content`CREATE DATABASE IF NOT EXISTS ${database};
CREATE USER IF NOT EXISTS '${clientUser}'@'%' IDENTIFIED BY '${password}';
ALTER USER '${clientUser}'@'%' IDENTIFIED BY '${password}';
GRANT ALL ON ${database}.* TO '${clientUser}'@'%';
CREATE USER IF NOT EXISTS 'root'@'localhost' IDENTIFIED BY '${admin}';
ALTER USER 'root'@'localhost' IDENTIFIED BY '${admin}';
DROP USER IF EXISTS 'root'@'%';
`,
  },
  { path: clientFile, content: content`[client]\nuser=${clientUser}\npassword=${password}\n` },
];
