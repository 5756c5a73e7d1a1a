import { operate, type Printed } from "./operating.ts";

/** `ops pause`: pauses a source. */
export async function pause(
  source: string,
  { json, reason }: Printed & { readonly reason: string },
): Promise<void> {
  const { pause } = await import("../../../functions/src/stages/operate/ops/sources.ts");
  const input = { source, reason };
  const paused = await operate("pause", input, (context) => pause(context, input));
  if (json) console.log(JSON.stringify(paused));
  else if (paused.isNew) {
    console.log(
      `${paused.source} is paused: running calls finish, and no new ones start. ` +
        `Next: scripts/dev ops resume ${paused.source}`,
    );
  } else console.log(`You have already paused ${paused.source}.`);
}

/** `ops resume`: resumes a source, whoever paused it. */
export async function resume(source: string, { json }: Printed): Promise<void> {
  const { resume } = await import("../../../functions/src/stages/operate/ops/sources.ts");
  const resumed = await operate("resume", { source }, (context) => resume(context, { source }));
  const goesOn = resumed.goesOn ? "its running task continues now" : "due work starts at the next tick";
  console.log(json ? JSON.stringify(resumed) : `${resumed.source} is resumed: ${goesOn}.`);
}

/** `ops cancel`: cancels a scheduled task. */
export async function cancel(task: number, { json }: Printed): Promise<void> {
  const { cancelTask } = await import("../../../functions/src/stages/operate/ops/cancelTask.ts");
  const cancelled = await operate("cancel", { task }, (context) => cancelTask(context, task));
  console.log(
    json
      ? JSON.stringify(cancelled)
      : `Cancelled scheduled task ${task} and its ${cancelled.calls} unfinished calls.`,
  );
}
