import { Failure } from "../../config/spec/failure.ts";

/** A pull request of GitHub or Forgejo, or a merge request of GitLab. */
export interface Forge {
  /** The URL of a page of comments, oldest first. */
  readonly list: (page: number) => string;
  readonly create: { readonly method: "POST"; readonly url: string };
  readonly edit: (id: number) => { readonly method: "PATCH" | "PUT"; readonly url: string };
  readonly headers: Readonly<Record<string, string>>;
  /** The longest comment, in characters. */
  readonly longest: number;
}

/** GitHub's limit. Forgejo's default is not smaller. */
const longest = 65_536;
/** GitLab's limit for a comment. */
const longestNote = 1_000_000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Finds the forge of a CI job by its variables.
 * @param number the number of the pull request @default that of the job's merge request, on GitLab
 */
export function forgeOf(env: Environment, number: string | undefined): Forge {
  const need = (name: string): string => {
    const value = env[name];
    if (value) return value;
    throw new Failure(
      `The variable ${name} is not set.`,
      "See docs/guide/pull-requests.md for the variables of each forge.",
    );
  };
  if (env.GITLAB_CI) {
    const request = number ?? need("CI_MERGE_REQUEST_IID");
    const notes = `${need("CI_API_V4_URL")}/projects/${need("CI_PROJECT_ID")}/merge_requests/${request}/notes`;
    return {
      list: (page) => `${notes}?sort=asc&per_page=100&page=${page}`,
      create: { method: "POST", url: notes },
      edit: (id) => ({ method: "PUT", url: `${notes}/${id}` }),
      headers: { "private-token": need("RAGDOCK_COMMENT_TOKEN") },
      longest: longestNote,
    };
  }
  // Forgejo's and Gitea's runners set GitHub's variables too, with the address of their own API.
  const comments = `${need("GITHUB_API_URL")}/repos/${need("GITHUB_REPOSITORY")}/issues`;
  if (number === undefined)
    throw new Failure(
      "The number of the pull request is missing.",
      "Add it: ./ragdock comment --number 12 --file plan.md",
    );
  return {
    list: (page) => `${comments}/${number}/comments?per_page=100&limit=100&page=${page}`,
    create: { method: "POST", url: `${comments}/${number}/comments` },
    edit: (id) => ({ method: "PATCH", url: `${comments}/comments/${id}` }),
    headers: { authorization: `token ${need("GITHUB_TOKEN")}` },
    longest,
  };
}

/**
 * The first line of the comment with a plan. The next plan updates the comment that begins with
 * this line.
 */
export const marker = "<!-- ragdock plan -->";

/** Writes the comment with the plan, or updates the existing one. @returns what was done */
export async function comment(forge: Forge, text: string): Promise<"created" | "edited"> {
  const body = cut(`${marker}\n${text}`, forge.longest);
  const existing = await find(forge);
  await call(forge, existing === undefined ? forge.create : forge.edit(existing), { body });
  return existing === undefined ? "created" : "edited";
}

interface Comment {
  readonly id: number;
  readonly body: string;
}

async function find(forge: Forge): Promise<number | undefined> {
  for (let page = 1; ; page++) {
    const comments = (await call(forge, { method: "GET", url: forge.list(page) })) as Comment[];
    const own = comments.find(({ body }) => body.startsWith(marker));
    if (own || comments.length === 0) return own?.id;
  }
}

async function call(
  forge: Forge,
  { method, url }: { method: string; url: string },
  body?: object,
): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json", accept: "application/json", ...forge.headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  throw new Failure(
    `${method} ${url} was answered with ${response.status}: ${text.slice(0, 200)}`,
    "The token needs the right to write comments on pull requests: docs/guide/pull-requests.md.",
  );
}

/**
 * Cuts a text in the middle. Its start has the summary, and its end closes what Markdown opened.
 * Code blocks that the cut opens or closes are balanced.
 */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const note = "\n\n_… this comment omits the middle of the plan. `./ragdock plan` shows it …_\n\n";
  // Room for the note and for the fences.
  const room = length - note.length - 20;
  const start = text.slice(0, text.lastIndexOf("\n", Math.floor(room * 0.75)));
  const rest = text.slice(text.length - (room - start.length));
  const end = rest.slice(rest.indexOf("\n") + 1);
  const isOpen = (part: string): boolean => (part.match(/^```/gm) ?? []).length % 2 === 1;
  return `${start}${isOpen(start) ? "\n```" : ""}${note}${isOpen(end) ? "```diff\n" : ""}${end}`;
}
