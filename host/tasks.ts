/**
 * The tasks of a stack in a Swarm, in the form of containers, so that what looks at containers looks
 * at all nodes. A manager knows the state of a task, and not the output of its health check.
 */
import { defined } from "../config/spec/defined.ts";
import type { Container, ContainerHealthcheck } from "./container.ts";
import { docker, inspectAll, stackFilters } from "./docker-cli.ts";

/** The fields of `docker service inspect` that this uses. */
interface Service {
  readonly ID: string;
  readonly Spec: {
    readonly Name: string;
    /** Of a service with one task on each node, this has another field. */
    readonly Mode: { readonly Replicated?: { readonly Replicas: number } };
  };
}

/** The fields of `docker node inspect` that Ragdock uses. */
export interface Node {
  readonly ID: string;
  readonly Spec: {
    readonly Availability: "active" | "pause" | "drain";
    readonly Labels?: Readonly<Record<string, string>>;
  };
  readonly Description: { readonly Hostname: string };
  readonly Status: { readonly State: string; readonly Addr?: string };
  /** Its address for the other managers, with a port. @default no manager */
  readonly ManagerStatus?: { readonly Addr?: string };
}

/** The fields of `docker inspect --type task` that this uses. */
export interface Task {
  readonly ID: string;
  readonly CreatedAt: string;
  readonly ServiceID: string;
  /** Absent for a task of a global service, which has one on each node. */
  readonly Slot?: number;
  readonly NodeID?: string;
  readonly DesiredState: string;
  readonly Spec: {
    readonly ContainerSpec: {
      readonly Image: string;
      readonly Labels?: Readonly<Record<string, string>>;
      readonly Healthcheck?: ContainerHealthcheck;
    };
  };
  readonly Status: {
    readonly State: string;
    readonly Timestamp: string;
    readonly Err?: string;
    readonly ContainerStatus?: { readonly ContainerID?: string; readonly ExitCode?: number };
  };
}

const lines = (text: string): string[] => text.split("\n").filter(Boolean);

/** All nodes of the Swarm. */
export async function nodesOfSwarm(): Promise<Node[]> {
  const ids = lines(await docker("node", "ls", "-q"));
  return JSON.parse(await docker("node", "inspect", ...ids)) as Node[];
}

/** The current tasks of a stack's services, one for each container that should run. */
export async function tasksOf(stack: string, service?: string): Promise<Container[]> {
  const own = service ? { "ragdock.service": service } : {};
  const ids = lines(await docker("service", "ls", "-q", ...stackFilters(stack, own)));
  if (ids.length === 0) return [];
  const [services, tasks, nodes] = await Promise.all([
    inspectAll<Service>("service", ids),
    docker("service", "ps", "-q", "--no-trunc", ...ids).then(inspectTasks),
    nodesOfSwarm(),
  ]);
  const slots = Map.groupBy(tasks, ({ ServiceID, Slot, NodeID }) => `${ServiceID} ${Slot ?? NodeID}`);
  return [...slots.values()].flatMap((all) => {
    const byAge = all.toSorted((a, b) => a.CreatedAt.localeCompare(b.CreatedAt));
    const current = byAge.findLast(({ DesiredState }) => isWanted(DesiredState));
    if (!current) return [];
    const service = services.find(({ ID }) => ID === current.ServiceID);
    // The service was removed in the meantime.
    if (!service) return [];
    const node = nodes.find(({ ID }) => ID === current.NodeID)?.Description.Hostname ?? "";
    const failed = byAge.filter(({ Status }) => ["failed", "rejected"].includes(Status.State));
    return [containerOfTask(current, { service, node, failed })];
  });
}

/** The tasks with these ids, one in each line. */
export const inspectTasks = (ids: string): Promise<Task[]> => inspectAll<Task>("task", lines(ids));

/**
 * The name of the service in the Swarm that a task belongs to. The task's name does not show it: it
 * may end with a host name that has dots. For a job, the name of its container.
 */
export const serviceNameOf = ({ Name, Service = Name.slice(1) }: Container): string => Service;

const isWanted = (state: string): boolean => state === "running" || state === "ready";

/** States of a task whose container does not run yet, and will soon. */
const beginning = ["assigned", "accepted", "preparing", "ready", "starting"];

/** States of a task that no node has taken. */
const waiting = ["new", "pending", "allocated"];

/** Failed checks after which a wait for a task ends. A service of a Swarm may have no bound for them. */
const mostRetries = 30;

/** What belongs to a task. */
interface Around {
  readonly service: Service;
  /** The name of its node. Empty if no node has taken it. */
  readonly node: string;
  /** The tasks in its place that failed or that a node rejected, the oldest first. */
  readonly failed: readonly Task[];
}

/** A task as a container. Its restarts are the tasks in its place that failed. */
export function containerOfTask(task: Task, { service, node, failed }: Around): Container {
  const { Image, Labels = {}, Healthcheck } = task.Spec.ContainerSpec;
  const { State, Timestamp, Err, ContainerStatus } = task.Status;
  return {
    Id: task.ID,
    Name: `/${service.Spec.Name}.${task.Slot ?? node}`,
    Node: node,
    Service: service.Spec.Name,
    ...defined({ Replicas: service.Spec.Mode.Replicated?.Replicas }),
    ...(ContainerStatus?.ContainerID ? { OnNode: ContainerStatus.ContainerID } : {}),
    Image,
    Created: task.CreatedAt,
    Path: "",
    RestartCount: failed.length,
    Rejected: failed.filter(isRejected).length,
    State: {
      StartedAt: Timestamp,
      ExitCode: ContainerStatus?.ExitCode ?? 0,
      OOMKilled: false,
      Error: Err ?? (State === "running" ? "" : rejectionOf(failed.at(-1))),
      ...stateOf(State),
    },
    Config: {
      Labels,
      Image,
      ...(Healthcheck
        ? { Healthcheck: { ...Healthcheck, Retries: Math.min(Healthcheck.Retries, mostRetries) } }
        : {}),
    },
    Mounts: [],
    NetworkSettings: { Networks: {} },
    HostConfig: { Memory: 0, PortBindings: null },
  };
}

const isRejected = ({ Status }: Task): boolean => Status.State === "rejected";

/** Why a node rejected a task. Empty for a task that has begun, because its log has the reason. */
const rejectionOf = (task: Task | undefined): string => (task && isRejected(task) && task.Status.Err) || "";

/** A task is `running` once its container is healthy. */
function stateOf(state: string): Pick<Container["State"], "Status" | "Health"> {
  const health = (Status: "healthy" | "starting") => ({ Status, FailingStreak: 0, Log: null });
  if (state === "running") return { Status: "running", Health: health("healthy") };
  if (beginning.includes(state)) return { Status: "running", Health: health("starting") };
  return { Status: waiting.includes(state) ? "created" : "exited" };
}
