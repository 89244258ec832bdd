/**
 * Tests the comment of a plan against a small fake of each forge's API. No real forge was
 * contacted.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { comment, cut, forgeOf, marker } from "../../../cli/plan/forge.ts";

interface Comment {
  id: number;
  body: string;
}

let comments: Comment[] = [];
let requests: string[] = [];
let refusal: number | undefined;

/** Answers like the APIs of GitHub, Forgejo and GitLab, with two comments on a page. */
async function answer(request: IncomingMessage): Promise<[number, unknown]> {
  const { method = "", url = "", headers } = request;
  requests.push(`${method} ${url.split("?")[0]} ${headers.authorization ?? headers["private-token"]}`);
  if (refusal) return [refusal, { message: "Resource not accessible" }];
  if (method === "GET") {
    const page = Number(new URL(url, "http://a").searchParams.get("page"));
    return [200, comments.slice((page - 1) * 2, page * 2)];
  }
  const { body } = JSON.parse(await textOf(request)) as Comment;
  const id = Number(url.split("/").at(-1));
  const existing = method === "POST" ? undefined : comments.find((one) => one.id === id);
  if (existing) existing.body = body;
  else comments.push({ id: comments.length + 1, body });
  return [method === "POST" ? 201 : 200, { id }];
}

const server = createServer((request, response) => {
  void answer(request).then(([status, value]) => response.writeHead(status).end(JSON.stringify(value)));
});
let api = "";
beforeAll(async () => {
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  comments = [
    { id: 1, body: "Looks good." },
    { id: 2, body: "Thanks." },
    { id: 3, body: "One more question." },
  ];
  requests = [];
  refusal = undefined;
});

const github = () => ({ GITHUB_API_URL: `${api}/api/v1`, GITHUB_REPOSITORY: "team/rag", GITHUB_TOKEN: "t1" });
const gitlab = () => ({
  GITLAB_CI: "true",
  CI_API_V4_URL: `${api}/api/v4`,
  CI_PROJECT_ID: "7",
  CI_MERGE_REQUEST_IID: "12",
  RAGDOCK_COMMENT_TOKEN: "t2",
});

describe.each([
  [
    "GitHub and Forgejo",
    github,
    "12",
    "POST /api/v1/repos/team/rag/issues/12/comments token t1",
    "PATCH /api/v1/repos/team/rag/issues/comments/4 token t1",
  ],
  [
    "GitLab",
    gitlab,
    undefined,
    "POST /api/v4/projects/7/merge_requests/12/notes t2",
    "PUT /api/v4/projects/7/merge_requests/12/notes/4 t2",
  ],
])("the comment on %s", (_, env, number, created, edited) => {
  it("is created once, and edited by the next plan", async () => {
    expect(await comment(forgeOf(env(), number), "first")).toBe("created");
    expect(requests.at(-1)).toBe(created);
    expect(await comment(forgeOf(env(), number), "second")).toBe("edited");
    expect(requests.at(-1)).toBe(edited);
    expect(comments.map(({ body }) => body).slice(3)).toEqual([`${marker}\nsecond`]);
  });

  it("fails with the answer of the forge", async () => {
    refusal = 403;
    await expect(comment(forgeOf(env(), number), "text")).rejects.toThrow('403: {"message":"Resource not');
  });
});

it("a missing variable or number is named", () => {
  expect(() => forgeOf({ ...gitlab(), RAGDOCK_COMMENT_TOKEN: "" }, undefined)).toThrow(
    "The variable RAGDOCK_COMMENT_TOKEN is not set.",
  );
  expect(() => forgeOf(github(), undefined)).toThrow("The number of the pull request is missing.");
});

describe("a long comment", () => {
  const block = `\n- api\n\n\`\`\`diff\n${"+line of a file\n".repeat(40)}\`\`\`\n`;
  const long = `## Plan\n- prod: 3 replaced with a gap\n${block.repeat(200)}\nlast line`;

  it.each([65_536, 20_000, 3_000])(
    "is cut in the middle to %i characters, with whole code blocks",
    (length) => {
      const text = cut(long, length);
      expect(text.length).toBeLessThanOrEqual(length);
      expect(text.length).toBeGreaterThan(length - 600);
      expect(text).toContain("- prod: 3 replaced with a gap");
      expect(text.endsWith("last line")).toBe(true);
      expect(text).toContain("this comment omits the middle of the plan");
      expect((text.match(/^```/gm) ?? []).length % 2).toBe(0);
    },
  );

  it("is not changed below the limit", () => {
    expect(cut(long, long.length)).toBe(long);
  });
});
