/** The stack of examples/web-and-worker: two applications of one folder that read variables only. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { parse } from "yaml";
import { inside } from "./observe.ts";
import { unwatched } from "./program.ts";
import { projectDir, TestStack } from "./stack.ts";

const example = readFileSync(join(projectDir, "examples/web-and-worker/Pulumi.words.yaml"), "utf8");

/** The applications of the example. */
export const apps = parse(example).config["ragdock:apps"];

/** Quotes, characters with a meaning in shells and URLs, and line ends. */
export const nasty = `sk-canary-$HOME-\`id\`-%41-"it's"-\\n\n  second line \n\n`;

export interface Document {
  readonly name: string;
  readonly words: number;
  readonly signature: string;
}

export class Words {
  readonly stack: TestStack;
  private readonly port: number;

  constructor(name: string, port: number) {
    this.port = port;
    this.stack = new TestStack(name, this.settings());
  }

  settings(more: Record<string, unknown> = {}): Record<string, unknown> {
    const web = {
      ...apps.web,
      ulimits: { nofile: { soft: 4096, hard: 8192 } },
      extraHosts: { "books.example.org": "192.0.2.7" },
      hostname: "words",
    };
    const services = { gateway: { port: this.port }, ...unwatched };
    return { system: "full", images: "packages", apps: { web, worker: apps.worker }, services, ...more };
  }

  /** Starts the stack. Without the secret that the example asks for, nothing starts. */
  async open(): Promise<void> {
    const refused = await this.stack.make("up");
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(`make secret KEY=OPENAI_API_KEY STACK=${this.stack.name}`);
    expect(await this.stack.containers()).toEqual([]);
    // One line end is removed, as Pulumi does.
    await this.stack.secret("OPENAI_API_KEY", `${nasty}\n`);
    await this.up();
  }

  at(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, init);
  }

  /** Returns all documents. */
  async documents(): Promise<Document[]> {
    return (await this.at("/")).json() as Promise<Document[]>;
  }

  /** Reads a file in /proc of the process that Docker's init has started. */
  async ofApplication(service: string, file: string): Promise<string> {
    const script = `read -r first _ < /proc/1/task/1/children; cat /proc/$first/${file}`;
    return (await inside(this.stack, service, "sh", "-c", script)).output;
  }

  /** Returns the variables of the application of a service. */
  async variables(service: string): Promise<Record<string, string>> {
    const output = await this.ofApplication(service, "environ");
    return Object.fromEntries(
      output.split("\0").map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]),
    );
  }

  async up(): Promise<string> {
    const { code, output } = await this.stack.make("up");
    expect(code, output).toBe(0);
    return output;
  }
}
