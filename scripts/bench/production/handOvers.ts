import { z } from "zod";
import { type Post, type PostAnswer, send } from "../../stack/postProxy.ts";
import { TAKEN, type TakeHandOver } from "./backends.ts";
import { eventOf } from "./triggers.ts";

/** A function that can be called, as many times at once as one instance of it takes. */
interface Callable {
  readonly url: string;
  readonly concurrency: number;
}

/** What one function was called for. */
export interface Calls {
  count: number;
  /** From its beginning to its answer. */
  readonly seconds: number[];
  failed: number;
}

const taskBody = z.object({
  task: z.object({
    name: z.string().optional(),
    httpRequest: z.object({ body: z.string(), headers: z.record(z.string(), z.string()).default({}) }),
  }),
});

// Cloud Tasks signs its calls. The platform checks that, and the function only reads it.
const PART = Buffer.from(JSON.stringify({ sub: "tasks", uid: "tasks" })).toString("base64url");
const TOKEN = `Bearer ${PART}.${PART}.${PART}`;

/** Brings tasks, events and the modules' calls to the functions, as the platform does: to one instance of each. */
export class HandOvers {
  /** How many tasks were enqueued. */
  tasks = 0;
  readonly calls = new Map<string, Calls>();
  /** The functions behind the routes that modules call. */
  readonly routes = new Map<string, string>();
  private readonly instances = new Map<string, Instance>();

  connect(name: string, callable: Callable): void {
    this.instances.set(name, new Instance(callable));
  }

  readonly take: TakeHandOver = async (post) => {
    const [, queue] = /\/queues\/([^/]+)\/tasks$/.exec(post.url.pathname) ?? [];
    const [, trigger] = /\/triggers\/([^/]+)$/.exec(post.url.pathname) ?? [];
    const route = this.routes.get(post.url.pathname);
    if (route !== undefined) return this.call(route, post);
    if (queue !== undefined) {
      this.tasks += 1;
      this.callLater(queue, taskCall(post));
    } else if (trigger !== undefined) this.callLater(trigger, eventOf(post));
    return TAKEN;
  };

  /** A call that fails is counted, and not made again: whoever waits for what it should have done finds out. */
  private callLater(name: string, post: Post): void {
    this.call(name, post).catch(() => undefined);
  }

  private async call(name: string, post: Post): Promise<PostAnswer> {
    const instance = this.instances.get(name);
    if (instance === undefined) return TAKEN;
    const own = this.calls.get(name) ?? { count: 0, seconds: [], failed: 0 };
    this.calls.set(name, own);
    own.count += 1;
    return instance.run(async (url) => {
      const started = performance.now();
      const answer = await send({ ...post, url: new URL(url) });
      own.seconds.push((performance.now() - started) / 1_000);
      if (answer.status >= 300) own.failed += 1;
      return answer;
    });
  }
}

/** The call that a task asks for. */
function taskCall(post: Post): Post {
  const { task } = taskBody.parse(JSON.parse(post.body.toString("utf8")));
  return {
    method: "POST",
    url: post.url,
    headers: {
      ...task.httpRequest.headers,
      "content-type": "application/json",
      authorization: TOKEN,
      "x-cloudtasks-queuename": "bench",
      "x-cloudtasks-taskname": task.name?.split("/").at(-1) ?? "task",
      "x-cloudtasks-taskretrycount": "0",
    },
    body: Buffer.from(task.httpRequest.body, "base64"),
  };
}

/** One process, which gets no more calls at once than it may; the others wait. */
class Instance {
  private readonly callable: Callable;
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(callable: Callable) {
    this.callable = callable;
  }

  async run<T>(work: (url: string) => Promise<T>): Promise<T> {
    if (this.running >= this.callable.concurrency) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.running += 1;
    try {
      return await work(this.callable.url);
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }
}
