const SMALL =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety".split(
    " ",
  );
const smallNumbers = new Map(
  SMALL.map((word, index) => [word, index <= 20 ? index : 30 + (index - 21) * 10]),
);

const NUMBER = `(?:${SMALL.join("|")}|(?:hundred|thousand|million|billion|trillion)s?)`;
// "1.2 million" is digits with a unit.
const RUN = new RegExp(`(?<!\\d[\\s-]?)\\b${NUMBER}(?:(?:[\\s-]+and)?[\\s-]+${NUMBER})*\\b`, "gi");
const WITH_UNIT = /^(\w+)[\s-]+(hundred|thousand|million|billion|trillion)s?$/i;

/** Words that state a number, an order or a ratio, and are not read any further. */
const OTHERS =
  /\b(?:(?:one|two|three|four|five|six|seven|eight|nine|ten|hundred|thousand)fold|dozens?|half|halves|halv(?:ed|es|ing)|quarters?|doubl(?:e|es|ed|ing)|twice|thrice|tripl(?:e|es|ed|ing)|quadrupl(?:e|es|ed|ing)|first|second|thirds?|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b/gi;

/**
 * Writes the plain number words of a text in digits: `twelve` as `12`, `two million` as `2 million`. What is
 * longer or is no plain number ("twenty-five", "doubled", "third") is taken out.
 *
 * @returns the text, and what was taken out
 */
export function wordsToDigits(text: string): { readonly text: string; readonly words: readonly string[] } {
  const words: string[] = [];
  const takeOut = (run: string): string => {
    words.push(run.toLowerCase().replaceAll(/[\s-]+/g, " "));
    return " ; ";
  };
  const digits = (run: string): string => {
    const single = smallNumbers.get(run.toLowerCase());
    if (single !== undefined) return String(single);
    const [, count = "", unit = ""] = WITH_UNIT.exec(run) ?? [];
    const value = smallNumbers.get(count.toLowerCase());
    return value === undefined ? takeOut(run) : `${value} ${unit}`;
  };
  return { text: text.replaceAll(OTHERS, takeOut).replaceAll(RUN, digits), words };
}
