import { lazily } from "../../platform/lazily.ts";
import { formatDay } from "../words/numbers.ts";
import { oneLine } from "../words/text.ts";
import type { FundingRound } from "./message.ts";

/** "Series B, $40M, 3 Mar 2025, from Northzone and Index Ventures". */
export function fundingWords({ title, amount, date, investors = [] }: FundingRound): string {
  const facts = [
    oneLine(title),
    ...(amount === undefined ? [] : [oneLine(amount)]),
    ...(date === undefined ? [] : [formatDay(date)]),
    ...(investors.length === 0 ? [] : [`from ${names().format(investors.map(oneLine))}`]),
  ];
  return facts.join(", ");
}

const names = lazily(() => new Intl.ListFormat("en-GB", { type: "conjunction" }));
