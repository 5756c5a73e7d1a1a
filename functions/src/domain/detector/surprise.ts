/** Surprise is -ln(probability) throughout; beyond this one it no longer matters how improbable. */
const MAX_SURPRISE = 36;

/**
 * The surprise of an error of `size` scales: two-sided tail of Student's t with 6 degrees of freedom, for business series
 * err further and more often than a normal distribution would. Closed form for an even number of degrees.
 */
export function errorSurprise(size: number): number {
  const inside = 6 / (6 + size * size);
  const u = Math.sqrt(1 - inside);
  const probability = 1 - u * (1 + inside / 2 + (3 / 8) * inside * inside);
  return toSurprise(probability);
}

/** The size of an error, in scales, that errorSurprise gives this surprise; by bisection, as it only rises. */
export function errorSize(surprise: number): number {
  let low = 0;
  let high = 1_000;
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (errorSurprise(middle) < surprise) low = middle;
    else high = middle;
  }
  return low;
}

/** -ln of a probability, within 0 and MAX_SURPRISE. */
export function toSurprise(probability: number): number {
  return probability >= 1 ? 0 : Math.min(MAX_SURPRISE, -Math.log(Math.max(probability, Number.MIN_VALUE)));
}
