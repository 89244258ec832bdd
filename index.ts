import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { readHistory } from "./components/history.ts";
import { imageMode, requiredImages } from "./components/image-plan.ts";
import { explained, readConfig } from "./components/program.ts";
import { RagStack } from "./components/stack.ts";
import { resolveSystem } from "./config/resolve.ts";
import { withDeployment } from "./config/spec/deployment.ts";
import { baseImageOf } from "./host/base-image.ts";
import { watchCrashLoops } from "./host/crash-loops.ts";
import { inspectHost } from "./host/preflight.ts";
import { pullImages } from "./host/pull.ts";
import { useDockerInProgram } from "./host/server.ts";

const { stack, settings, texts, secrets, encrypted, docker, registryAuth } = readConfig();
const host = await explained(() => useDockerInProgram(docker));
const system = await explained(() => resolveSystem(settings, { ...stack, secrets: encrypted, host }));
const history = await readHistory(stack);
const { containers: before, ...found } = await explained(() => inspectHost(stack, system, history.volumes));
const make = !pulumi.runtime.isDryRun();
const baseImage = await explained(() => baseImageOf(system, { make, say: console.log }));
const required = await explained(() => requiredImages(system, imageMode(system, stack.project, baseImage)));
if (make) await explained(() => pullImages(required, { except: registryAuth, say: console.log }));
if (make) watchCrashLoops(stack.stack, before, pulumi.log.error);

const hostPath = (path: string): string => resolve(import.meta.dirname, path);
const args = { ...stack, ...found, system, secrets, baseImage, hostPath };
const rag = new RagStack(`${stack.project}-${stack.stack}`, args);

export const name = system.name;
export const environment = system.environment;
export const images = system.images;
export const urls = system.urls;
export const unavailable = system.unavailable;
export const containers = rag.containers;
export const volumes = rag.volumes;
export const credentials = rag.secrets;
export const deployments = withDeployment(history.deployments, {
  at: new Date().toISOString(),
  settings: texts,
  images: rag.images,
});
