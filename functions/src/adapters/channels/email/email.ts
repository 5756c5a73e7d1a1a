/** A message as an email, before the addresses and the images are put to it. */
export interface RenderedEmail {
  readonly subject: string;
  readonly html: string;
  /** The same without HTML. */
  readonly text: string;
  /** The ids of the charts that the HTML shows, as `cid:`. */
  readonly images: readonly string[];
}

/** Says whether a chart was drawn; where it was not, nothing may point to it. */
export type HasChart = (id: string) => boolean;
