/** The source of a secret's value. */
export type SecretSource =
  /**
   * Generated once per generation. `rotation` is its name in `ragdock:rotations`. A secret without
   * this name is never rotated.
   */
  | {
      readonly from: "generated";
      readonly generation: number;
      readonly rotation?: string;
      /** Whether all generations stay in the state, because data may be encrypted with them. */
      readonly kept?: true;
    }
  /** Set by the user under this key as a secret of the stack. */
  | { readonly from: "config"; readonly key: string }
  /** Known when the settings are read, such as the user name that belongs to a password. */
  | { readonly from: "known"; readonly value: string };

export interface Secret {
  /** Unique in a system. Users write `{{secret:<name>}}` for it in their own files. */
  readonly name: string;
  readonly source: SecretSource;
  /**
   * The job that sets the secret in its store. Every service that has the secret waits for this
   * job.
   */
  readonly validAfter?: string;
  /** For a password: the secret with the user name that belongs to it. */
  readonly user?: string;
}

/** A placeholder for the alias that the containers of one revision of a service share. */
export interface RevisionOf {
  readonly revisionOf: string;
}

/** A placeholder for a secret in a URL, where some letters have to be encoded. */
export interface InUrl {
  readonly inUrl: Secret;
}

/** A placeholder for a secret in a text of JSON, where quotes and backslashes have to be escaped. */
export interface InJson {
  readonly inJson: Secret;
}

export type Part = string | Secret | RevisionOf | InUrl | InJson;

/** Text that may contain secrets and revisions. The deployment fills them in. */
export type Content = string | { readonly parts: readonly Part[] };

const isRevision = (part: Part): part is RevisionOf => typeof part === "object" && "revisionOf" in part;
const isInUrl = (part: Part): part is InUrl => typeof part === "object" && "inUrl" in part;
const isInJson = (part: Part): part is InJson => typeof part === "object" && "inJson" in part;
const isSecret = (part: Part): part is Secret => typeof part === "object" && "source" in part;

export const partsOf = (content: Content): readonly Part[] =>
  typeof content === "string" ? [content] : content.parts;

/**
 * Template tag for contents with secrets.
 * @example content`redis://${login.user}:${login.password}@redis:6379`
 */
export function content(
  strings: TemplateStringsArray,
  ...values: readonly (Content | Secret | RevisionOf | InJson | number)[]
): Content {
  const parts = strings.flatMap((text, index): readonly Part[] => {
    const value = values[index];
    if (value === undefined) return [text];
    if (typeof value === "number") return [text, String(value)];
    return typeof value === "object" && !("parts" in value) ? [text, value] : [text, ...partsOf(value)];
  });
  return contentOf(parts);
}

/**
 * Makes a content of these parts. Neighbouring texts are joined, so that equal contents are equal
 * values.
 */
export function contentOf(parts: readonly Part[]): Content {
  const merged: Part[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (typeof part === "string" && typeof last === "string") merged[merged.length - 1] = last + part;
    else if (part !== "") merged.push(part);
  }
  if (merged.length === 0) return "";
  return merged.length === 1 && typeof merged[0] === "string" ? merged[0] : { parts: merged };
}

/** Joins contents. */
export const joined = (contents: readonly Content[]): Content => contentOf(contents.flatMap(partsOf));

export const secretsIn = (text: Content): Secret[] =>
  partsOf(text).flatMap((part) => {
    if (isInUrl(part)) return [part.inUrl];
    if (isInJson(part)) return [part.inJson];
    return isSecret(part) ? [part] : [];
  });

/** The services whose revisions are in a content. */
export const revisionsIn = (text: Content): string[] =>
  partsOf(text)
    .filter(isRevision)
    .map(({ revisionOf }) => revisionOf);

/** The text of a content, with each placeholder replaced. */
export const fill = (
  text: Content,
  values: {
    readonly secret: (secret: Secret) => string;
    readonly revision: (service: string) => string;
    /** @default as `secret`, percent-encoded */
    readonly inUrl?: (secret: Secret) => string;
  },
): string =>
  partsOf(text)
    .map((part) => {
      if (typeof part === "string") return part;
      if (isRevision(part)) return values.revision(part.revisionOf);
      if (isInJson(part)) return JSON.stringify(values.secret(part.inJson)).slice(1, -1);
      if (!isInUrl(part)) return values.secret(part);
      return values.inUrl?.(part.inUrl) ?? encodeURIComponent(values.secret(part.inUrl));
    })
    .join("");

/**
 * The text of a content for people, with names of secrets and services in place of values and
 * revisions.
 */
export const shown = (text: Content): string => {
  const secret = ({ name }: Secret): string => `{{secret:${name}}}`;
  return fill(text, { secret, inUrl: secret, revision: (service) => service });
};

const placeholder = /\{\{secret:([A-Za-z0-9_-]+)\}\}/;

/** The parts of a text with `{{secret:<name>}}` placeholders. */
export type NamedContent = readonly (string | { readonly secretNamed: string })[];

/** Splits a text at its placeholders. */
export const parsePlaceholders = (text: string): NamedContent =>
  text
    .split(placeholder)
    .map((part, index) => (index % 2 === 1 ? { secretNamed: part } : part))
    .filter((part) => part !== "");

/**
 * Returns pieces of a text that look like a placeholder but are not valid, such as `{{ secret:x
 * }}`.
 */
export const wrongPlaceholders = (text: string): string[] =>
  (text.match(/\{\{[^}]*secret[^}]*\}\}/gi) ?? []).filter((piece) => !placeholder.test(piece));

/** Replaces names by their secrets. The name of a secret that does not exist is removed. */
export const withSecrets = (text: NamedContent, secrets: ReadonlyMap<string, Secret>): Content =>
  contentOf(text.map((part) => (typeof part === "string" ? part : (secrets.get(part.secretNamed) ?? ""))));

/**
 * A text in which `shown` has put these secrets, as a content. Use it for texts that a library has
 * written.
 */
export const contentFrom = (text: string, secrets: readonly Secret[]): Content =>
  withSecrets(parsePlaceholders(text), new Map(secrets.map((secret) => [secret.name, secret])));
