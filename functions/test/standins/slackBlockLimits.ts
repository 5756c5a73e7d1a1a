import { z } from "zod";

const text = z.object({ type: z.enum(["mrkdwn", "plain_text"]), text: z.string() });

const block = z.discriminatedUnion("type", [
  z.object({ type: z.literal("header"), text: text.extend({ type: z.literal("plain_text") }) }),
  z.object({ type: z.literal("section"), text }),
  z.object({ type: z.literal("context"), elements: z.array(text).min(1).max(10) }),
  z.object({ type: z.literal("divider") }),
  z.object({
    type: z.literal("image"),
    slack_file: z.object({ id: z.string().regex(/^F[A-Z0-9]{8,}$/) }),
    alt_text: z.string().min(1).max(2_000),
  }),
]);

export type Block = z.output<typeof block>;

const MAX_BLOCKS = 50;
// Slack documents no figure for all texts together (msg_blocks_too_long); this one was seen to pass.
const MAX_CHARACTERS = 13_200;

/** What Slack would refuse blocks for, in its words where they matter. */
export function blockErrors(blocks: readonly unknown[], isFileReady: (id: string) => boolean): string[] {
  const errors =
    blocks.length > MAX_BLOCKS ? [`no more than ${MAX_BLOCKS} items allowed [json-pointer:/blocks]`] : [];
  let characters = 0;
  for (const [i, one] of blocks.entries()) {
    const parsed = block.safeParse(one);
    if (!parsed.success) {
      errors.push(`${z.prettifyError(parsed.error)} [json-pointer:/blocks/${i}]`);
      continue;
    }
    characters += textsOf(parsed.data).join("").length;
    errors.push(...errorsOf(parsed.data, isFileReady).map((error) => `${error} [json-pointer:/blocks/${i}]`));
  }
  return characters > MAX_CHARACTERS ? [...errors, "msg_blocks_too_long"] : errors;
}

/** The texts of a block. */
export function textsOf(one: Block): string[] {
  switch (one.type) {
    case "header":
    case "section":
      return [one.text.text];
    case "context":
      return one.elements.map((element) => element.text);
    case "image":
      return [one.alt_text];
    case "divider":
      return [];
  }
}

/** A block that {@link blockErrors} found nothing wrong with. */
export function parseBlock(one: unknown): Block {
  return block.parse(one);
}

const LONGEST = { header: 150, section: 3_000, context: 2_000, image: 2_000, divider: 0 };

function errorsOf(one: Block, isFileReady: (id: string) => boolean): string[] {
  const longest = LONGEST[one.type];
  const errors = textsOf(one).flatMap((words) => {
    if (words === "") return ["must be more than 0 characters"];
    return words.length > longest ? [`must be less than ${longest + 1} characters`] : [];
  });
  const isUnready = one.type === "image" && !isFileReady(one.slack_file.id);
  return isUnready ? [...errors, "invalid slack file"] : errors;
}
