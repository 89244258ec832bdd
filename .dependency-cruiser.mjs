/**
 * The rules for imports between folders. `tools/check.sh` runs it. Packages and Node's own modules
 * may be imported everywhere.
 */

/** A rule: these files import only each other and what `to` matches. Both are patterns of paths. */
const only = (name, from, to, comment) => ({
  name,
  severity: "error",
  comment,
  from: { path: from },
  to: { pathNot: [from, ...to], dependencyTypesNot: ["core"] },
});

const spec = "^config/spec/";
const settings = "^config/settings/";
const services = "^config/services/";
const monitoring = "^monitoring/";

export default {
  forbidden: [
    only("spec-imports-nothing", spec, [], "Everything shares these types, so they depend on nothing."),
    only("settings", settings, [spec], "Settings are read before any service is described."),
    only("services", services, [spec, settings, monitoring], "Prometheus and Grafana render monitoring files."),
    only("systems", "^config/systems/", [services, settings, spec], "A system is a list of service modules."),
    only("passes", "^config/passes/", [services, settings, spec], "A pass contains no name of a system."),
    only("config", "^config/", ["^policies/", monitoring], "config/resolve.ts applies the policies."),
    only("monitoring", monitoring, [spec], "Monitoring files are computed from the list of services."),
    only("policies", "^policies/", [spec], "Policies are rules over a finished system."),
    only("components", "^components/", ["^config/"], "Components declare what the system says."),
    only("host", "^host/", [spec, "^config/settings/problem\\.ts$"], "The program and the CLI share the code that reads the host."),
    only(
      "public",
      "^public/",
      ["^config/", "^components/", "^policies/", "^host/"],
      "Systems and programs outside of the checkout import these files only.",
    ),
    {
      name: "public-is-for-others",
      severity: "error",
      comment: "Ragdock itself imports these parts from their own folders, not from the public files.",
      from: { pathNot: ["^public/", "^plugin/", "^tests/", "^examples/"] },
      to: { path: "^public/" },
    },
    only("engine", "^engine/", [], "The engine runs any program, not only this one."),
    {
      name: "engine-by-its-index",
      severity: "error",
      comment: "The folders of the engine can change without changes elsewhere.",
      from: { pathNot: ["^engine/", "^tests/engine/"] },
      to: { path: "^engine/", pathNot: "^engine/index\\.ts$" },
    },
    {
      name: "program",
      severity: "error",
      comment: "The Pulumi CLI runs the program without Ragdock's own commands.",
      from: { path: "^index\\.ts$" },
      to: { path: "^(cli|engine|tools)/" },
    },
    {
      name: "cli-without-tools",
      severity: "error",
      comment: "Users do not have tools/; only contributors do.",
      from: { path: "^cli/" },
      to: { path: "^tools/" },
    },
    {
      name: "tests-are-for-tests",
      severity: "error",
      comment: "Tests can change without the program.",
      from: { pathNot: "^tests/" },
      to: { path: "^tests/" },
    },
    {
      name: "no-cycles",
      severity: "error",
      comment: "Files that import each other can be understood only together.",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-cycles-between-folders",
      severity: "error",
      comment: "Folders that import each other can be understood only together.",
      scope: "folder",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-missing-files",
      severity: "error",
      comment: "A path that does not resolve would pass every other rule.",
      from: {},
      // Node finds these through `exports` of package.json, and tsc proves that they exist.
      to: { couldNotResolve: true, pathNot: "^ragdock/(system|testing)$" },
    },
  ],
  options: {
    // Imports of types count too, because a reader has to follow them.
    tsPreCompilationDeps: true,
    exclude: { path: "(^|/)node_modules/" },
  },
};
