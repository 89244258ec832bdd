/** A user's text with `{{secret:<name>}}` placeholders, taken apart. The overrides pass finds the secrets. */
export type UserContent = readonly (string | { readonly secretNamed: string })[];

const placeholder = /\{\{secret:([a-z0-9-]+)\}\}/;

/** Takes a text apart at its placeholders. */
export const parsePlaceholders = (text: string): UserContent =>
  text
    .split(placeholder)
    .map((part, index) => (index % 2 === 1 ? { secretNamed: part } : part))
    .filter((part) => part !== "");

/** Pieces of a text that look like a placeholder for a secret and are none, such as `{{ secret:x }}`. */
export const wrongPlaceholders = (text: string): string[] =>
  (text.match(/\{\{[^}]*secret[^}]*\}\}/gi) ?? []).filter((piece) => !placeholder.test(piece));
