import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { secret, UNKNOWN_VALUE } from "../../../../engine/pulumi/values.ts";
import {
  decodeValue,
  encodeValue,
  sameBlock,
  sameValue,
  type TfObject,
  type TfValue,
  UNKNOWN,
} from "../../../../engine/terraform/cty.ts";
import { proposedState } from "../../../../engine/terraform/proposed.ts";
import type { Attribute, Block, CtyType } from "../../../../engine/terraform/schema.ts";
import { fromState, pulumiName, toConfig } from "../../../../engine/terraform/translate.ts";

const attribute = (name: string, type: CtyType, flags: Partial<Attribute> = {}): Attribute => ({
  name,
  type,
  required: false,
  optional: true,
  computed: false,
  sensitive: false,
  ...flags,
});
const BLOCK: Block = {
  attributes: [
    attribute("env", ["set", "string"]),
    attribute("cpu_set", "string"),
    attribute("memory", "number", { computed: true }),
    attribute("token", "string", { sensitive: true }),
  ],
  blocks: [
    {
      name: "healthcheck",
      nesting: "list",
      maxItems: 1,
      block: { attributes: [attribute("test", ["list", "string"])], blocks: [] },
    },
    {
      name: "host",
      nesting: "set",
      maxItems: 0,
      block: {
        attributes: [attribute("ip", "string"), attribute("seen", "string", { computed: true })],
        blocks: [],
      },
    },
  ],
};

describe("values on the wire", () => {
  test("an encoded value decodes to itself, even with unknowns", () => {
    const scalar = fc.oneof(fc.string(), fc.constant(null), fc.constant(UNKNOWN));
    fc.assert(
      fc.property(fc.array(scalar), (list) => {
        const value: TfValue = { list: list as TfValue[], n: 3, unset: null };
        const type: CtyType = ["object", { list: ["list", "string"], n: "number", unset: "bool" }];
        expect(decodeValue(encodeValue(value, type))).toEqual(value);
      }),
    );
  });

  test("every attribute of an object is sent, and unset ones as null", () => {
    expect(decodeValue(encodeValue({}, ["object", { a: "string" }]))).toEqual({ a: null });
  });

  test("sets compare without order, lists compare with it, and no value equals an unknown", () => {
    expect(sameValue(["a", "b"], ["b", "a"], ["set", "string"])).toBe(true);
    expect(sameValue(["a", "b"], ["b", "a"], ["list", "string"])).toBe(false);
    expect(sameValue(UNKNOWN, "a", "string")).toBe(false);
  });

  test("does not tell an absent value of a block from an empty one, and every other value", () => {
    const type: CtyType = [
      "list",
      ["object", { image: "string", env: ["map", "string"], mode: "number", items: ["list", "string"] }],
    ];
    const before = [{ image: "a", env: null, mode: null, items: null }];
    expect(sameBlock(before, [{ image: "a", env: {}, mode: 0, items: [] }], type)).toBe(true);
    expect(sameBlock(before, [{ image: "b", env: {}, mode: 0, items: [] }], type)).toBe(false);
    expect(sameBlock(before, [{ image: "a", env: { X: "1" }, mode: 0, items: [] }], type)).toBe(false);
    expect(sameBlock(before, [{ image: "a", env: {}, mode: 0, items: ["x"] }], type)).toBe(false);
    expect(sameBlock(before, [], type)).toBe(false);
  });
});

describe("names", () => {
  test.each([
    ["env", true, "envs"],
    ["dns", true, "dns"],
    ["networks_advanced", false, "networksAdvanced"],
    ["cpu_set", false, "cpuSet"],
    ["dns_search", true, "dnsSearches"],
    ["capability", true, "capabilities"],
  ])("%s (list: %s) is %s", (name, plural, expected) => expect(pulumiName(name, plural)).toBe(expected));
});

describe("configuration", () => {
  test("has every attribute, opens secrets, wraps a flattened block and reads text as numbers", () => {
    const inputs = {
      envs: [secret("A=1")],
      memory: "64",
      healthcheck: { tests: ["CMD"] },
      cpuSet: UNKNOWN_VALUE,
    };
    expect(toConfig(BLOCK, inputs)).toEqual({
      env: ["A=1"],
      cpu_set: UNKNOWN,
      memory: 64,
      token: null,
      healthcheck: [{ test: ["CMD"] }],
      host: [],
    });
  });

  test.each([
    [{ nmae: "x" }, "nmae: the resource type has no such property"],
    [{ hosts: [{ ip: "1", mask: "2" }] }, "hosts[0].mask: the resource type has no such property"],
    [{ memory: "much" }, "memory: expected a number"],
    [{ envs: "A=1" }, "envs: expected a list"],
  ])("%o is refused with its path", (inputs, words) => expect(() => toConfig(BLOCK, inputs)).toThrow(words));

  test("is the same after a round trip through a state, with sensitive values as secrets", () => {
    const state = {
      ...toConfig(BLOCK, { envs: ["A=1"], healthcheck: { tests: ["CMD"] }, hosts: [{ ip: "1" }] }),
      token: "t",
    };
    expect(fromState(BLOCK, state)).toEqual({
      envs: ["A=1"],
      token: secret("t"),
      healthcheck: { tests: ["CMD"] },
      hosts: [{ ip: "1" }],
    });
  });
});

describe("the proposed state", () => {
  const config = (inputs: Parameters<typeof toConfig>[1]) => toConfig(BLOCK, inputs);

  test("has the configured value, and the computed value if none is configured", () => {
    const prior = { ...config({ cpuSet: "0" }), memory: 512 };
    expect(proposedState(BLOCK, prior, config({}))).toMatchObject({ cpu_set: null, memory: 512 });
    expect(proposedState(BLOCK, prior, config({ memory: 64 }))).toMatchObject({ memory: 64 });
    expect(proposedState(BLOCK, null, config({}))).toMatchObject({ memory: null });
  });

  test("matches the elements of a set by likely changes, and the elements of a list by index", () => {
    const prior: TfObject = {
      ...config({}),
      host: [
        { ip: "1", seen: "a" },
        { ip: "2", seen: "b" },
      ],
    };
    const proposed = proposedState(BLOCK, prior, config({ hosts: [{ ip: "2" }, { ip: "3" }] }));
    expect(proposed.host).toEqual([
      { ip: "2", seen: "b" },
      { ip: "3", seen: null },
    ]);
  });
});
