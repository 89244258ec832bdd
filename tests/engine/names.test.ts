import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { PACKAGES } from "../../engine/terraform/packages.ts";
import { getProvider } from "../../engine/terraform/providers.ts";
import type { Block } from "../../engine/terraform/schema.ts";
import { isFlattened, type Level, terraformName } from "../../engine/terraform/translate.ts";

// The SDK's declarations define the names, because programs use them.
describe("every input and output of the SDK maps to the provider's schema", () => {
  test.each(Object.values(PACKAGES))("$name", async ({ name, types }) => {
    const { schema } = await getProvider(name, () => undefined);
    const walker = new Walker(
      fileURLToPath(new URL(`../../node_modules/@pulumi/${name}/index.d.ts`, import.meta.url)),
    );
    for (const [token, { terraform }] of Object.entries(types)) {
      const block = schema.resources[terraform]?.block;
      if (!block) throw new Error(`the provider has no ${terraform}`);
      const className = token.split(":").at(-1) ?? "";
      walker.walk(`${className}Args`, block);
      walker.walk(`${className}State`, block);
    }
    expect(walker.wrong).toEqual([]);
    // Without this check, a walk that finds no name would pass too.
    expect(walker.count).toBeGreaterThan(name === "docker" ? 1000 : 90);
  });
});

class Walker {
  readonly wrong: string[] = [];
  count = 0;
  readonly #checker: ts.TypeChecker;
  readonly #exports: readonly ts.Symbol[];

  constructor(root: string) {
    const program = ts.createProgram([root], {
      skipLibCheck: true,
      strict: true,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
    });
    this.#checker = program.getTypeChecker();
    const source = program.getSourceFile(root);
    const module = source && this.#checker.getSymbolAtLocation(source);
    this.#exports = module ? this.#checker.getExportsOfModule(module) : [];
  }

  walk(typeName: string, block: Block): void {
    const found = this.#exports.find((symbol) => symbol.name === typeName);
    if (!found) throw new Error(`the SDK has no ${typeName}`);
    const symbol = found.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(found) : found;
    this.#visit(this.#checker.getDeclaredTypeOfSymbol(symbol), block, typeName, "top");
  }

  #visit(type: ts.Type, block: Block, path: string, level: Level): void {
    for (const property of this.#checker.getPropertiesOfType(type)) {
      this.count++;
      const at = `${path}.${property.name}`;
      const name = terraformName(block, property.name, level);
      const { list, inner } = this.#plain(this.#checker.getTypeOfSymbol(property));
      const nested = block.blocks.find((candidate) => candidate.name === name);
      const attribute = block.attributes.find((candidate) => candidate.name === name);
      if (nested) {
        if (list === isFlattened(nested)) this.wrong.push(`${at}: a list on one side only`);
        this.#visit(inner, nested.block, at, "nested");
      } else if (attribute) {
        const many =
          Array.isArray(attribute.type) && (attribute.type[0] === "list" || attribute.type[0] === "set");
        if (many !== list) this.wrong.push(`${at}: a list on one side only`);
      } else {
        this.wrong.push(`${at}: no such name in the provider's schema`);
      }
    }
  }

  /** Returns the type inside `Input<T | undefined>`, and whether it is an array. */
  #plain(type: ts.Type): { list: boolean; inner: ts.Type } {
    const parts = type.isUnion() ? type.types : [type];
    const wrappers = ["Promise", "OutputInstance"];
    const found = parts.find(
      (part) => !wrappers.includes(part.symbol?.name) && !(part.flags & ts.TypeFlags.Undefined),
    );
    if (!found || !this.#checker.isArrayType(found)) return { list: false, inner: found ?? type };
    const [element] = this.#checker.getTypeArguments(found as ts.TypeReference);
    return { list: true, inner: element ? this.#plain(element).inner : found };
  }
}
