import type { Stack } from "../stack/stack.ts";
import { EVENTS, type HandOvers, startHandOvers, TASKS } from "./faults/handOvers.ts";
import { startTcpProxy, type TcpProxy } from "./faults/tcpProxy.ts";
import { startWorkers, type Workers } from "./faults/workers.ts";

/** What connections are disturbed between. */
export const CONNECTIONS = ["postgres", "firestore", "modules", "smtp", "slack"] as const;

export type Connection = (typeof CONNECTIONS)[number];

/** What stands between the functions and everything that they use; transparent until it is told otherwise. */
export interface Wiring {
  readonly connections: Readonly<Record<Connection, TcpProxy>>;
  readonly tasks: HandOvers;
  readonly events: HandOvers;
  readonly workers: Workers;
  /** What the functions and the emulators need in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Connects it with the parts of the stack, once they run. */
  connectTo(stack: Stack): void;
}

/** Starts the proxies, and lets the processes of the functions report themselves. */
export async function startWiring(databaseUrl: string, githubUrl: string): Promise<Wiring> {
  const connections = {
    postgres: await startTcpProxy(),
    firestore: await startTcpProxy(),
    modules: await startTcpProxy(),
    smtp: await startTcpProxy(),
    slack: await startTcpProxy(),
  };
  const [tasks, events] = [await startHandOvers(TASKS), await startHandOvers(EVENTS)];
  const workers = await startWorkers();
  connections.postgres.connectTo(portOf(databaseUrl));
  return {
    connections,
    tasks,
    events,
    workers,
    env: {
      ...workers.env,
      DATABASE_URL: throughProxy(databaseUrl, connections.postgres),
      SMTP_URL: `smtp://${connections.smtp.host}`,
      SLACK_API_URL: `http://${connections.slack.host}/api/`,
      GITHUB_API_URL: githubUrl,
      SOAK_FIRESTORE_HOST: connections.firestore.host,
      SOAK_TASKS_HOST: tasks.host,
      JAVA_TOOL_OPTIONS: javaProxy(events.host),
    },
    connectTo: (stack) => {
      connections.firestore.connectTo(portOf(`http://${stack.firestoreHost}`));
      connections.smtp.connectTo(portOf(stack.smtpUrl));
      connections.slack.connectTo(portOf(stack.slackUrl));
      tasks.connectTo(portOf(`http://${stack.tasksHost}`));
    },
  };
}

/** The Firestore emulator posts events to the functions emulator as Java makes HTTP requests: through this proxy. */
function javaProxy(host: string): string {
  const { hostname, port } = new URL(`http://${host}`);
  // Addresses of this machine are taken past a proxy, unless the list of those is empty.
  return `-Dhttp.proxyHost=${hostname} -Dhttp.proxyPort=${port} -Dhttp.nonProxyHosts=`;
}

/** The address with the proxy's host in place of its own. */
export function throughProxy(url: string, { host }: Pick<TcpProxy, "host">): string {
  const changed = new URL(url);
  changed.host = host;
  return changed.href;
}

export function portOf(url: string): number {
  return Number(new URL(url).port);
}
