/** From when on what stands still has stood for too long. */
export interface Patience {
  readonly now: Date;
  /** Stretches every wait: 1 in production. */
  readonly factor: number;
}

/** The moment before which a state of so many seconds must have begun to be overdue. */
export function overdueBefore({ now, factor }: Patience, seconds: number): Date {
  return new Date(now.getTime() - seconds * 1000 * factor);
}
