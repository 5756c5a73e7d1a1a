import {
  type FirestoreEvent,
  onDocumentCreated,
  type QueryDocumentSnapshot,
} from "firebase-functions/firestore";
import { type Declared, declare, type FunctionDeclaration, optionsOf } from "./declaration.ts";
import { logError } from "./log.ts";
import { withLogIds } from "./logContext.ts";
import { LoggedError } from "./loggedError.ts";

/** A function that is called when a document is created and, if it fails, retried for a day. */
export interface DocumentDeclaration extends FunctionDeclaration {
  /** The documents' path in Firestore, with `{names}`. */
  readonly document: string;
}

type Created = FirestoreEvent<QueryDocumentSnapshot | undefined, Readonly<Record<string, string>>>;

/** Declares a function that new documents call. An error is reported once, and the event is delivered again. */
export function documentFunction<const D extends DocumentDeclaration>(
  declaration: D,
  work: (event: Created) => Promise<void>,
): Declared<ReturnType<typeof onDocumentCreated<string>>, D> {
  const { document }: DocumentDeclaration = declaration;
  const run = onDocumentCreated({ ...optionsOf(declaration), document, retry: true }, (event) =>
    withLogIds({}, async () => {
      try {
        await work(event);
      } catch (error) {
        logError("An event failed", error);
        throw new LoggedError();
      }
    }),
  );
  return declare(run, declaration);
}
