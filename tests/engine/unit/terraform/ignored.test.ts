import { expect, test } from "vitest";
import { parsePath } from "../../../../engine/pulumi/paths.ts";
import { UNKNOWN } from "../../../../engine/terraform/cty.ts";
import { withPrior } from "../../../../engine/terraform/ignored.ts";
import type { Attribute, Block, CtyType, NestedBlock } from "../../../../engine/terraform/schema.ts";

const attribute = (name: string, type: CtyType, flags: Partial<Attribute> = {}): Attribute => ({
  ...{ name, type, required: false, optional: true, computed: false, sensitive: false },
  ...flags,
});
const nested = (name: string, maxItems: number, ...attributes: Attribute[]): NestedBlock => ({
  ...{ name, maxItems, nesting: "list" },
  block: { attributes, blocks: [] },
});
const readOnly = attribute("seen", "string", { optional: false, computed: true });
const placement: NestedBlock = {
  ...nested("placement", 1, attribute("constraints", ["set", "string"])),
};
const task: Block = {
  attributes: [],
  blocks: [
    {
      ...placement,
      block: {
        ...placement.block,
        blocks: [{ ...nested("platforms", 0, attribute("os", "string")), nesting: "set" }],
      },
    },
  ],
};
const block: Block = {
  attributes: [
    attribute("env", ["map", "string"]),
    attribute("options", ["map", "string"], { computed: true }),
    attribute("ports", ["list", ["object", { host_ip: "string", port: "number" }]]),
    readOnly,
  ],
  blocks: [
    nested("mounts", 0, attribute("source", "string"), readOnly),
    { ...nested("task_spec", 1), block: task },
  ],
};
const prior = {
  env: { A: "1", B: "1" },
  options: { id: "7" },
  ports: [{ host_ip: "::", port: 80 }],
  seen: "then",
  mounts: [{ source: "x", seen: "then" }],
  task_spec: [{ placement: [{ constraints: ["a"], platforms: [{ os: "linux" }] }] }],
};
const config = {
  env: { A: "2", C: "2" },
  options: null,
  ports: [
    { host_ip: "127.0.0.1", port: 81 },
    { host_ip: "127.0.0.1", port: 82 },
  ],
  seen: null,
  mounts: [{ source: "y", seen: null }],
  task_spec: [{ placement: [{ constraints: ["b"], platforms: [] }] }],
};

test.each([
  ["env", { env: prior.env }],
  ["env.A", { env: { A: "1", C: "2" } }],
  ['env["B"]', { env: { A: "2", B: "1", C: "2" } }],
  ["env.C", { env: { A: "2" } }],
  ["ports[0].hostIp", { ports: [{ host_ip: "::", port: 81 }, config.ports[1]] }],
  ["ports[*].port", { ports: [{ host_ip: "127.0.0.1", port: 80 }, config.ports[1]] }],
  ["mounts", { mounts: [{ source: "x", seen: null }] }],
  ["mounts[0].source", { mounts: [{ source: "x", seen: null }] }],
  ["mounts[1].source", {}],
  [
    "taskSpec.placement.platforms",
    { task_spec: [{ placement: [{ constraints: ["b"], platforms: [{ os: "linux" }] }] }] },
  ],
  ["taskSpec.placement", { task_spec: prior.task_spec }],
  ["taskSpec.placement.platforms[0].os", {}],
  ["options", {}],
  ["seen", {}],
  ["unknown.path", {}],
])("the prior value of %s stays", (path, changed) =>
  expect(withPrior(block, config, prior, parsePath(path))).toEqual({ ...config, ...changed }),
);

test("below a value that is on one side only, nothing changes", () => {
  const path = parsePath("taskSpec.placement.platforms");
  for (const placement of [[], UNKNOWN, [UNKNOWN]]) {
    const other = { ...config, task_spec: [{ placement }] };
    expect(withPrior(block, other, prior, path)).toEqual(other);
    expect(withPrior(block, config, other, path)).toEqual(config);
  }
});
