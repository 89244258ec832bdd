/** A stack `full` with TLS by the authority of the stack, built-in users of each role, and an API key. */
import { unwatched } from "./program.ts";
import { TestStack } from "./stack.ts";
import { Visitor } from "./visitor.ts";

/** The passwords of an admin, an editor and a reader. */
export const passwords = {
  anna: "a long password of anna",
  ed: "a long password of ed",
  rita: "a long password of rita",
} as const;
export type Person = keyof typeof passwords;

/** A host name that serves `/api/` only. */
export const apiName = "api.rag.example.org";

const roles: Record<Person, string> = { anna: "admin", ed: "editor", rita: "reader" };

/** A line of the audit log. */
export interface AuditEvent {
  readonly actor: string;
  readonly action: string;
  readonly object: string;
  readonly result: string;
  readonly address: string;
}

export class Door {
  readonly stack: TestStack;
  readonly visitor: Visitor;
  private readonly port: number;
  private readonly limits: Record<string, number>;
  /** An API key of an editor. */
  key = "";

  /**
   * @param port the public port of the stack
   * @param limits the settings `ingress.limits`
   */
  constructor(name: string, port: number, limits: Record<string, number> = {}) {
    this.port = port;
    this.limits = limits;
    this.stack = new TestStack(name, this.settings("rag.example.org"));
    this.visitor = new Visitor(port);
  }

  /** Starts the stack, and adds the people and the key. */
  async open(): Promise<void> {
    await this.must("up");
    this.visitor.authority = (await this.stack.make("certificate")).output;
    for (const [name, password] of Object.entries(passwords))
      await this.must("users add", name, "--role", roles[name as Person], { input: `${password}\n` });
    const created = await this.must("keys create", "--name", "ci", "--role", "editor");
    this.key = /rdk_[0-9a-f]+_[0-9a-f]+/.exec(created)?.[0] ?? "";
  }

  /** Gives the stack another domain, and its API other variables, without deploying it. */
  change(domain: string, environment: Record<string, string> = {}): void {
    this.stack.configure(this.settings(domain, environment));
  }

  /** Lets people sign in at a provider instead, without deploying it. The group `ops` is the admins. */
  async askProvider(issuer: string, secret: string): Promise<void> {
    const { ingress, ...others } = this.settings("rag.example.org");
    const signIn = { issuer, clientId: "ragdock", allow: { domains: ["example.org"] } };
    const roles = { admin: ["group:ops"] };
    this.stack.configure({ ...others, ingress: { ...(ingress as object), signIn, roles } });
    await this.stack.secret("signInClientSecret", secret);
  }

  /** Returns the audit log, as text and as events. */
  async audit(): Promise<{ output: string; events: AuditEvent[] }> {
    const { output } = await this.stack.make("audit", "--since", "1h", "--json");
    const lines = output.split("\n").filter((line) => line.startsWith("{"));
    return { output, events: lines.map((line) => JSON.parse(line)) };
  }

  /** Signs in. Returns the headers of a request with the new session. */
  async as(person: Person): Promise<Record<string, string>> {
    return { Cookie: (await this.visitor.signIn(person, passwords[person])).cookies };
  }

  private settings(domain: string, environment: Record<string, string> = {}): Record<string, unknown> {
    const { prometheus: _, ...unused } = unwatched;
    const services = {
      ...unused,
      api: { environment },
      gateway: { port: this.port },
      prometheus: { exposure: "none" },
      grafana: { enabled: false },
    };
    const ingress = {
      ...{ tls: "internal", domain, names: { [apiName]: "/api/" }, signIn: { users: true } },
      limits: this.limits,
    };
    return { system: "full", images: "packages", ingress, services };
  }

  private async must(...command: Parameters<TestStack["make"]>): Promise<string> {
    const { code, output } = await this.stack.make(...command);
    if (code !== 0) throw new Error(output);
    return output;
  }
}
