import { describe, expect, test } from "vitest";
import { aliasUrns, makeUrn, nameOf, typeOfUrn } from "../../../../engine/pulumi/urn.ts";

const STACK = makeUrn("dev", "p", undefined, "pulumi:pulumi:Stack", "p-dev");

describe("URNs", () => {
  test("contain the types of all parents except the stack", () => {
    const component = makeUrn("dev", "p", STACK, "a:b:C", "outer");
    expect(component).toBe("urn:pulumi:dev::p::a:b:C::outer");
    const child = makeUrn("dev", "p", component, "d:e:F", "outer::inner");
    expect(child).toBe("urn:pulumi:dev::p::a:b:C$d:e:F::outer::inner");
    expect([nameOf(child), typeOfUrn(child)]).toEqual(["outer::inner", "d:e:F"]);
  });

  test("aliases cover a former name, type and parent", () => {
    const base = { stack: "dev", project: "p", type: "d:e:F", name: "new", parent: STACK, parentAliases: [] };
    const formerParent = makeUrn("dev", "p", STACK, "a:b:C", "outer");
    expect(
      aliasUrns(base, [{ name: "old" }, { type: "d:e:G" }, { parent: formerParent }, { urn: "urn:x" }]),
    ).toEqual([
      "urn:pulumi:dev::p::d:e:F::old",
      "urn:pulumi:dev::p::d:e:G::new",
      "urn:pulumi:dev::p::a:b:C$d:e:F::new",
      "urn:x",
    ]);
  });

  test("a renamed parent renames the children whose names begin with its name", () => {
    const parent = makeUrn("dev", "p", STACK, "a:b:C", "new");
    const former = makeUrn("dev", "p", STACK, "a:b:D", "old");
    const base = {
      stack: "dev",
      project: "p",
      type: "d:e:F",
      name: "new-data",
      parent,
      parentAliases: [former],
    };
    expect(aliasUrns(base, [])).toEqual(["urn:pulumi:dev::p::a:b:D$d:e:F::old-data"]);
  });
});
