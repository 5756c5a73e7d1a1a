import {
  type FirestoreEvent,
  onDocumentCreated,
  type QueryDocumentSnapshot,
} from "firebase-functions/firestore";
import { type Declared, declare, type FunctionDeclaration, optionsOf } from "./declaration.ts";
import { logError } from "./log.ts";
import { withLogIds } from "./logContext.ts";
import { LoggedError } from "./loggedError.ts";

/** A function that is called once a document is created, and again for a day where it fails. */
export interface DocumentDeclaration extends FunctionDeclaration {
  /** The documents' path in Firestore, with `{names}`. */
  readonly document: string;
}

type Created = FirestoreEvent<QueryDocumentSnapshot | undefined, Readonly<Record<string, string>>>;

/** Declares a function that new documents call. What it throws is reported once, and has the event delivered again. */
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
