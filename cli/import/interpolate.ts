import type { VariableUse } from "./tree.ts";

/** Variables with their values. */
export type Variables = Readonly<Record<string, string>>;

/** A text without its variables, and the variables that it had. */
export interface Interpolated {
  readonly text: string;
  readonly variables: readonly VariableUse[];
}

/** The text has a `${` that is no variable. */
export class WrongVariable extends Error {}

const variableName = /[A-Za-z_][A-Za-z0-9_]*/y;
const operators = [":-", ":?", ":+", "-", "?", "+"] as const;
type Operator = (typeof operators)[number];

/**
 * Replaces the variables of a text, as the Compose specification defines it: `$NAME`, `${NAME}`,
 * `${NAME:-default}`, `${NAME-default}`, `${NAME:?message}`, `${NAME?message}`,
 * `${NAME:+replacement}`, `${NAME+replacement}`, nested, and `$$` for a dollar sign. A `$` before
 * another character stays.
 * @throws WrongVariable
 */
export const interpolate = (text: string, values: Variables): Interpolated =>
  new Interpolation(text, values).whole();

class Interpolation {
  readonly #source: string;
  readonly #values: Variables;
  #position = 0;

  constructor(source: string, values: Variables) {
    this.#source = source;
    this.#values = values;
  }

  whole(): Interpolated {
    return this.#until();
  }

  /** Reads to the end, or to the `}` that ends a word. */
  #until(end?: "}"): Interpolated {
    let text = "";
    const variables: VariableUse[] = [];
    while (this.#position < this.#source.length && this.#source[this.#position] !== end) {
      if (this.#accept("$$")) text += "$";
      else if (this.#accept("$")) {
        // Compose keeps a `$` that starts no variable, as in `sed 's/x$//'`.
        if (!/[A-Za-z_{]/.test(this.#source[this.#position] ?? "")) {
          text += "$";
          continue;
        }
        const found = this.#variable();
        text += found.text;
        variables.push(...found.variables);
      } else {
        text += this.#source[this.#position];
        this.#position += 1;
      }
    }
    return { text, variables };
  }

  #variable(): Interpolated {
    const braced = this.#accept("{");
    const name = this.#name();
    if (!braced || this.#accept("}")) return this.#plain(name);
    const operator = operators.find((one) => this.#accept(one));
    if (!operator) throw this.#wrong();
    const word = this.#until("}");
    if (!this.#accept("}")) throw this.#wrong();
    return this.#withOperator(name, operator, word);
  }

  #plain(name: string): Interpolated {
    const value = this.#value(name);
    return { text: value ?? "", variables: [{ name, set: value !== undefined, text: value ?? "" }] };
  }

  #withOperator(name: string, operator: Operator, word: Interpolated): Interpolated {
    const value = this.#value(name);
    // With a colon, an empty value counts as unset.
    const has = operator.startsWith(":") ? Boolean(value) : value !== undefined;
    const set = value !== undefined;
    switch (operator.at(-1)) {
      case "-": {
        const text = has ? (value ?? "") : word.text;
        const use = { name, set, text, fallback: word.text };
        return { text, variables: [use, ...(has ? [] : word.variables)] };
      }
      case "?": {
        const use = { name, set, text: value ?? "" };
        return { text: use.text, variables: [has ? use : { ...use, required: word.text }] };
      }
      default: {
        // The variable only decides whether the text is used, so it does not need a value.
        const text = has ? word.text : "";
        return { text, variables: [{ name, set, text, fallback: "" }, ...(has ? word.variables : [])] };
      }
    }
  }

  #value(name: string): string | undefined {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }

  #name(): string {
    variableName.lastIndex = this.#position;
    const name = variableName.exec(this.#source)?.[0];
    if (!name) throw this.#wrong();
    this.#position += name.length;
    return name;
  }

  #accept(expected: string): boolean {
    if (!this.#source.startsWith(expected, this.#position)) return false;
    this.#position += expected.length;
    return true;
  }

  #wrong(): WrongVariable {
    // The text is not part of the message, because it can be a secret.
    return new WrongVariable("has a ${ without a valid variable");
  }
}
