/**
 * Tests the stores that a stack runs only if an own application needs them. It does not prove that
 * their images work as specified.
 */
import { describe, expect, it } from "vitest";
import { partsOf } from "../../../cli/data/parts.ts";
import { readSystem } from "../../../config/resolve.ts";
import { neededStores } from "../../../config/services/needed-stores.ts";
import { shown } from "../../../config/spec/content.ts";
import { reaches } from "../../../config/spec/networks.ts";
import { publishedPorts, type SystemSpec } from "../../../config/spec/service.ts";
import { systems } from "../../../config/systems/index.ts";
import { facts, openInProd, serviceOf, systemWith } from "../../support/program.ts";
import { problems } from "./problems.ts";

const stores = neededStores.map(({ name }) => name);
const other = { image: "other:1.0", port: 8000, route: "/" };
const needing = (needs: readonly string[], app: Record<string, unknown> = {}) => ({
  apps: { other, mine: { image: "mine:1.0", needs, ...app } },
});

/** Each secret of each store, as a variable of an application. */
const placeholders: Readonly<Record<string, readonly string[]>> = {
  minio: ["minio-user", "minio-password"],
  mysql: ["mysql-user", "mysql-password"],
  opensearch: [],
  clickhouse: ["clickhouse-user", "clickhouse-password"],
  qdrant: ["qdrant-api-key"],
};

it("the stores are those whose secrets are listed here", () =>
  expect(Object.keys(placeholders).sort()).toEqual([...stores].sort()));

it("no system has such a store by default", () => {
  for (const system of Object.keys(systems)) {
    const names = systemWith({ system }).services.map(({ name }) => name);
    expect(names.filter((name) => stores.includes(name))).toEqual([]);
  }
});

describe.each(stores)("%s", (store) => {
  const system = systemWith(needing([store]));
  const service = serviceOf(system, store);

  it("runs if an application needs it, which waits for it", () => {
    expect(serviceOf(system, "mine").dependsOn).toContain(store);
    expect(serviceOf(system, "other").dependsOn).not.toContain(store);
    const before = systemWith(needing([])).services.map(({ name }) => name);
    expect(system.services.map(({ name }) => name).filter((name) => !before.includes(name))).toEqual([store]);
  });

  it("keeps its data on a volume that backups copy", () => {
    expect(service.kind).toBe("stateful");
    const volume = `${store}-data`;
    expect(service.volumes.map((one) => one.volume)).toEqual([volume]);
    expect(partsOf(system)).toContainEqual(
      expect.objectContaining({ kind: "files", service: store, volume }),
    );
  });

  it("has no capabilities, and publishes no port", () => {
    expect(service.capabilities ?? []).toEqual([]);
    expect(publishedPorts(service)).toEqual([]);
    expect(service.networks).not.toContain("outside");
  });

  it("is reached by those that need it, and by those that watch it", () => {
    const from = system.services.filter((s) => s !== service && reaches(s, service)).map(({ name }) => name);
    const watchers = ["blackbox-exporter", ...(service.metrics ? ["prometheus"] : [])];
    expect(from.sort()).toEqual(["mine", ...watchers].sort());
  });

  it("has an alert and a row of the dashboard", () => {
    expect(service.alerts?.map(({ expr }) => expr)).toEqual([`probe_success{service="${store}"} == 0`]);
    expect(service.rows?.map(({ board }) => board)).toEqual(["stores"]);
    expect(service.blackbox).toBeDefined();
  });

  it("has no secret in a variable or in a command", () => {
    const { environment, command = [], entrypoint = [], healthcheck } = service;
    const visible = [...Object.values(environment), ...command, ...entrypoint, ...healthcheck.test].join(
      "\n",
    );
    expect(visible).not.toMatch(/\{\{secret:/);
    const named = Object.entries(environment).filter(([name]) => /PASS|SECRET|KEY/.test(name));
    for (const [, value] of named) expect(value).toMatch(/^\/run\/secrets\//);
  });

  it("gives its secrets to applications that need it, and to no other", () => {
    const names = placeholders[store] ?? [];
    const secrets = Object.fromEntries(
      names.map((name, index) => [`VALUE_${index}`, `x {{secret:${name}}} y`]),
    );
    const files = serviceOf(systemWith(needing([store], { secrets })), "mine").files;
    for (const [index, name] of names.entries()) {
      const file = files.find(({ path }) => path === `/run/secrets/VALUE_${index}`);
      expect(file && shown(file.content)).toBe(`x {{secret:${name}}} y`);
      const refused = problems(needing(["redis"], { secrets: { A: `{{secret:${name}}}` } }));
      expect(refused.map(({ path }) => path)).toEqual(["ragdock:apps.mine.secrets.A"]);
    }
    expect(Object.keys(system.secrets).filter((name) => names.includes(name))).toEqual(
      names.filter((name) => !name.endsWith("-user")),
    );
  });

  it("is refused where its image cannot be built, and the error names the need", () => {
    const [refused, ...more] = problems({ ...needing([store]), images: "packages" });
    expect(more).toEqual([]);
    expect(refused?.path).toBe("ragdock:apps.mine.needs[0]");
    expect(refused?.problem).toMatch(/^images is packages, and Debian /);
    const pinned = systemWith({ ...needing([store]), images: "packages", pinned: { [store]: "mine/it:1" } });
    expect(pinned.services.map(({ name }) => name)).toContain(store);
  });

  it("is not started if an own application has its name", () => {
    const apps = { other, [store]: { image: "mine:1.0", port: 80 }, mine: { image: "a:1", needs: [store] } };
    const own = systemWith({ apps });
    expect(serviceOf(own, store).image).toEqual({ from: "reference", reference: "mine:1.0" });
    expect(own.services.filter(({ name }) => name === store)).toHaveLength(1);
  });

  it("gets another password by a rotation", () => {
    const generation = (spec: SystemSpec) =>
      Object.values(spec.secrets).flatMap((one) =>
        one.from === "generated" && one.rotation === store ? [one.generation] : [],
      );
    if (store === "opensearch") return;
    expect(generation(system)).toEqual([1]);
    expect(generation(systemWith({ ...needing([store]), rotations: { [store]: 2 } }))).toEqual([2]);
  });
});

it("Prometheus asks exporters at the only address on which they listen", () => {
  const system = systemWith(needing(["minio"]));
  const networks = (name: string) => serviceOf(system, name).networks;
  expect(networks("blackbox-exporter")).toEqual(expect.arrayContaining(["minio", "monitoring"]));
  expect(networks("prometheus")).toEqual(expect.arrayContaining(["minio", "monitoring"]));
  const text = serviceOf(system, "prometheus").files.map(({ content }) => shown(content));
  const asked = text.join("\n").match(/[\w.-]+-exporter[\w.]*:\d+/g) ?? [];
  expect(asked).toContain("blackbox-exporter.monitoring:9115");
  for (const address of asked) expect(address).toMatch(/-exporter\.monitoring:\d+$/);
});

it("a store that several applications need runs once", () => {
  const apps = { other: { ...other, needs: ["minio"] }, mine: { image: "mine:1.0", needs: ["minio"] } };
  expect(systemWith({ apps }).services.filter(({ name }) => name === "minio")).toHaveLength(1);
});

it("in prod, they break no mandatory rule, and MinIO and Qdrant run as root without capabilities", () => {
  const raw = { ...openInProd({ environment: "prod" }), ...needing(stores) };
  const { findings } = readSystem(raw, facts);
  const ofStores = findings.filter(({ problem }) =>
    stores.some((store) => problem.path === `ragdock:services.${store}`),
  );
  expect(ofStores.map(({ rule, level, problem }) => [rule, level, problem.path])).toEqual([
    ["no-root", "advisory", "ragdock:services.minio"],
    ["no-root", "advisory", "ragdock:services.qdrant"],
  ]);
});

it("a memory limit decides what MySQL and OpenSearch keep in memory", () => {
  const services = { mysql: { limits: { memory: "4GiB" } }, opensearch: { limits: { memory: "3GiB" } } };
  const system = systemWith({ ...needing(["mysql", "opensearch"]), services });
  expect(serviceOf(system, "mysql").command).toContain("--innodb-buffer-pool-size=2048M");
  expect(serviceOf(system, "opensearch").environment.OPENSEARCH_JAVA_OPTS).toBe("-Xms1536m -Xmx1536m");
});

it("limits that the host does not have are refused", () => {
  const found = problems({ ...needing(["opensearch"]), host: { memory: "2GiB" } });
  expect(found.map(({ path }) => path)).toContain("ragdock:services.*.limits.memory");
});

it("MySQL sets the passwords at each start, with one statement per line", () => {
  const { files, command } = serviceOf(systemWith(needing(["mysql"])), "mysql");
  const sql = files.find(({ path }) => path === "/run/secrets/logins.sql");
  const lines = shown(sql?.content ?? "")
    .trim()
    .split("\n");
  for (const line of lines) expect(line).toMatch(/^(CREATE|ALTER|GRANT|DROP) .*;$/);
  expect(command?.slice(0, 3)).toEqual(["bash", "/etc/ragdock/start.sh", "mysqld"]);
});
