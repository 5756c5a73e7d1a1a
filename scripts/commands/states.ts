import { describeStates, drawStates } from "../../functions/src/domain/state/drawStates.ts";
import type { StateModel } from "../../functions/src/domain/state/stateModel.ts";
import { stateModels } from "../../functions/src/domain/state/stateModels.ts";

/** The command's options. */
export interface StatesOptions {
  readonly mermaid: boolean;
  readonly json: boolean;
}

/** `states`: shows the states of all work and what causes each change. */
export function states({ mermaid, json }: StatesOptions): void {
  if (json) {
    console.log(JSON.stringify(stateModels));
    return;
  }
  const models: readonly StateModel[] = Object.values(stateModels);
  const shown = models.map((model) =>
    mermaid ? `## ${model.title}\n\n\`\`\`mermaid\n${drawStates(model)}\n\`\`\`` : describeStates(model),
  );
  console.log(shown.join("\n\n"));
}
