import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { differences, ignoreChanges, matches, parsePath } from "../../../../engine/pulumi/paths.ts";
import {
  equal,
  mask,
  type Properties,
  reveal,
  secret,
  UNKNOWN_VALUE,
  type Value,
} from "../../../../engine/pulumi/values.ts";

const { value: anyValue } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.string(),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie("value"), { maxKeys: 3 }),
  ),
}));
const properties = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), anyValue) as fc.Arbitrary<Properties>;

describe("property paths", () => {
  test("reads names, indexes, quoted keys and wildcards", () => {
    expect(parsePath("ports[0].ip")).toEqual(["ports", 0, "ip"]);
    expect(parsePath('labels["a.b"].c[*]')).toEqual(["labels", "a.b", "c", "*"]);
  });

  test.each([
    ["healthcheck", "healthcheck.tests[0]", true],
    ["healthcheck.tests", "healthcheck", true],
    ["ports[*].ip", "ports[3].ip", true],
    ["ports[*].ip", "ports[3].external", false],
    ["mem", "memory", false],
  ])("%s matches %s: %s", (pattern, changed, expected) => expect(matches(pattern, changed)).toBe(expected));

  test("an ignored path keeps its old value, and stays present or absent as before", () => {
    const olds = { a: { x: 1, y: 1 }, list: [{ ip: "1" }, { ip: "2" }], gone: true };
    const news = { a: { x: 2, y: 2 }, list: [{ ip: "3" }, { ip: "4" }, { ip: "5" }], fresh: 1 };
    expect(ignoreChanges(news, olds, ["a.x", "list[*].ip", "gone", "fresh"])).toEqual({
      a: { x: 1, y: 2 },
      list: [{ ip: "1" }, { ip: "2" }, { ip: "5" }],
      gone: true,
    });
  });

  test("there is no difference if everything is ignored", () => {
    fc.assert(
      fc.property(properties, properties, (olds, news) => {
        const kept = ignoreChanges(news, olds, ["*"]);
        expect(differences(olds, kept, () => false)).toEqual([]);
      }),
    );
  });
});

describe("differences", () => {
  test("there is no difference exactly if the properties are equal", () => {
    fc.assert(
      fc.property(properties, properties, (a, b) => {
        expect(differences(a, b, () => false).length === 0).toBe(equal(a, b));
      }),
    );
  });

  test("a secret is hidden, even if the value was no secret before", () => {
    const found = differences(
      { a: "open", b: secret("x") },
      { a: secret("y"), b: secret("z"), c: UNKNOWN_VALUE },
      () => true,
    );
    expect(found).toEqual([
      { path: "a", kind: "update", old: "[secret]", new: "[secret]", replaces: true },
      { path: "b", kind: "update", old: "[secret]", new: "[secret]", replaces: true },
      { path: "c", kind: "add", new: "[unknown]", replaces: true },
    ]);
  });

  test("a value that only becomes secret is no difference, and a mask reveals no part of a secret", () => {
    expect(equal({ a: secret("x") }, { a: "x" })).toBe(true);
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z]{12}$/), (word) => {
        expect(JSON.stringify(mask({ deep: [{ a: secret({ b: word }) }] }))).not.toContain(word);
        expect(reveal({ a: secret({ b: word }) })).toEqual({ a: { b: word } });
      }),
    );
  });
});
