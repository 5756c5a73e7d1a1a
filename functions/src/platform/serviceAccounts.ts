import { separateServiceAccounts } from "./config.ts";

/** The folders of functions, each of which may run as a service account of its own. */
type Stage =
  | "schedule"
  | "mine"
  | "ingest"
  | "normalize"
  | "analyze"
  | "language"
  | "notify"
  | "report"
  | "operate";

/**
 * The option that has a function run as its stage's service account, which may do what the stage does and no more;
 * scripts/service-accounts creates them. Without SERVICE_ACCOUNTS=separate, a project runs all as its default one.
 */
export function runsAs(stage: Stage): { readonly serviceAccount?: string } {
  const project = separateServiceAccounts();
  // The whole address: firebase-tools completes the short form, "name@", for functions but not for their schedules.
  return project === undefined ? {} : { serviceAccount: `parma-${stage}@${project}.iam.gserviceaccount.com` };
}
