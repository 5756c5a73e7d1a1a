import { stopEverything } from "../../scripts/stack/shutdown.ts";
import { dropDatabase, testServer } from "./database.ts";

/** Ends what globalSetup started; on a server that goes on running, the template is dropped. */
export default async function globalTeardown(): Promise<void> {
  const { serverUrl, template } = testServer();
  await dropDatabase(serverUrl, template);
  await stopEverything();
}
