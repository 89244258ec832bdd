import type { Shape } from "../../cli/load/send.ts";

/** Requests that arrive faster than the stack can answer them. */
export interface Overload {
  readonly name: string;
  /** @param number of the request, which makes its content unique */
  readonly shape: (number: number) => Shape;
}

const json = { "content-type": "application/json" };

/** The end of each large upload. It is created once, so that the sender needs little CPU time. */
const mebibyte = Buffer.from("The mirror is in the tower. ".repeat(38_000).slice(0, 2 ** 20));
const line = "------------------------ragdockload";

/** The largest question that the API accepts, in characters. */
const longest = 4000;
const words = "Where is the spare mirror kept, and who may take it? ".repeat(80);

export const overloads: readonly Overload[] = [
  {
    name: "questions of 4,000 characters",
    shape: (number) => ({
      path: "/api/query",
      method: "POST",
      headers: json,
      body: JSON.stringify({ question: `${number} ${words}`.slice(0, longest), k: 5 }),
    }),
  },
  {
    name: "uploads of 1 MiB",
    shape: (number) => {
      const head = `--${line}\r\ncontent-disposition: form-data; name="file"; filename="over-${number}.txt"\r\ncontent-type: text/plain\r\n\r\nOverload ${number} of ${Date.now()}. `;
      return {
        path: "/api/documents",
        method: "POST",
        headers: { "content-type": `multipart/form-data; boundary=${line}` },
        body: Buffer.concat([Buffer.from(head), mebibyte, Buffer.from(`\r\n--${line}--\r\n`)]),
      };
    },
  },
];
