import type { Post } from "../../stack/postProxy.ts";
import { PROJECT, TAKEN, type TakeHandOver } from "./backends.ts";
import type { Deployed } from "./programs.ts";

/** Has the Firestore emulator post an event for each new document that a function wants to be told of. */
export async function registerTriggers(
  firestoreHost: string,
  functions: Iterable<Pick<Deployed, "name" | "eventTrigger">>,
): Promise<void> {
  for (const { name, eventTrigger } of functions) {
    if (eventTrigger === undefined) continue;
    const { eventType, eventFilters, eventFilterPathPatterns } = eventTrigger;
    const url = `http://${firestoreHost}/emulator/v1/projects/${PROJECT}/eventarcTrigger?eventarcTriggerId=${name}`;
    const document = { value: eventFilterPathPatterns.document, matchType: "PATH_PATTERN" };
    const response = await fetch(url, {
      method: "POST",
      body: JSON.stringify({ eventType, ...eventFilters, document }),
    });
    if (!response.ok) throw new Error(`The trigger ${name} was refused: ${await response.text()}`);
  }
}

/** An event as Eventarc brings it: the emulator writes the protocol buffer as text. */
export function eventOf(post: Post): Post {
  const body = Buffer.from(post.body.toString("latin1"), "base64");
  return { ...post, headers: { ...post.headers, "content-length": String(body.byteLength) }, body };
}

/** Keeps events for whoever asks, and delivers them to nobody. */
export class EventCatcher {
  private readonly events = new Map<string, PromiseWithResolvers<Post>>();

  readonly take: TakeHandOver = async (post) => {
    this.at(String(post.headers["ce-document"])).resolve(eventOf(post));
    return TAKEN;
  };

  /** The event of a new document, whether it has come or is to come. */
  eventOf(path: string): Promise<Post> {
    return this.at(path).promise;
  }

  private at(path: string): PromiseWithResolvers<Post> {
    const event = this.events.get(path) ?? Promise.withResolvers<Post>();
    this.events.set(path, event);
    return event;
  }
}
