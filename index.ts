import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { readHistory } from "./components/history.ts";
import { imageMode, requiredImages } from "./components/image-plan.ts";
import { explained, readConfig } from "./components/program.ts";
import { plannedRevisions, RagStack } from "./components/stack.ts";
import { resolveSystem } from "./config/resolve.ts";
import { sourceOf, withDeployment } from "./config/spec/deployment.ts";
import { deployedPart } from "./config/spec/part.ts";
import { baseImageOf } from "./host/base-image.ts";
import { watchCrashLoops } from "./host/crash-loops.ts";
import { recordDeployment } from "./host/deployment-log.ts";
import { protectFiles } from "./host/file-protection.ts";
import { programReader } from "./host/image-program.ts";
import { inspectHost } from "./host/preflight.ts";
import { pullImages } from "./host/pull.ts";
import { useDockerInProgram } from "./host/server.ts";
import { userName } from "./host/user.ts";

const { stack, settings, texts, encrypted, docker, registryAuth, ...user } = readConfig();
const host = await explained(() => useDockerInProgram(docker));
const system = await explained(() => resolveSystem(settings, { ...stack, secrets: encrypted, host }));
const history = await readHistory(stack);
const { containers: before, ...found } = await explained(() => inspectHost(stack, system, history.volumes));
const make = !pulumi.runtime.isDryRun();
const baseImage = await explained(() => baseImageOf(system, { make, say: console.log }));
const revisions = () => plannedRevisions({ ...stack, ...found, ...user, system, baseImage });
const plan = { settings: texts, deployments: history.deployments, revisions, deploys: make };
await explained(() => protectFiles(stack.stack, system, before, { ...plan, warn: pulumi.log.warn }));
const mode = imageMode(system, stack.project, baseImage);
const required = await explained(() => requiredImages(deployedPart(system), mode));
if (make) await explained(() => pullImages(required, { except: registryAuth, say: console.log }));
if (make) watchCrashLoops(stack.stack, before, pulumi.log.error);

const hostPath = (path: string): string => resolve(import.meta.dirname, path);
const programs = programReader({ make, containers: before });
const imageProgram = (id: string) => explained(() => programs(id));
const args = { ...stack, ...found, ...user, system, baseImage, hostPath, imageProgram, deployer: userName() };
const rag = new RagStack(`${stack.project}-${stack.stack}`, { ...args, keptSecrets: history.keptSecrets });

export const { name, environment, images, urls, unavailable } = system;
export const { containers, volumes, secrets: credentials, keptSecrets } = rag;
const deployment = { at: new Date().toISOString(), settings: texts, images: rag.images, ...sourceOf(system) };
export const deployments = withDeployment(history.deployments, deployment);

if (make) {
  const done = new Promise((resolve) => pulumi.output(rag.containers).apply(resolve));
  const state = { containers: before, differs: deployments !== history.deployments };
  recordDeployment(stack.stack, system, state, done);
}
