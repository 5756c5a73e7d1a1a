import { z } from "zod";
import {
  CrawlingError,
  type ExternalModuleOptions,
} from "../../../functions/test/standins/externalModule.ts";
import map from "./map.json" with { type: "json" };
import savedProducts from "./products.json" with { type: "json" };

const product = z.object({
  name: z.string(),
  overall_rating: z.number(),
  review_count: z.number().int(),
  followers: z.number().int(),
  reviews: z.array(z.object({ text: z.string(), date: z.string() })),
});

/** The product pages that the demo's module knows, by the last part of their URL. */
export const products = new Map(Object.entries(z.record(z.string(), product).parse(savedProducts)));

export type Product = z.output<typeof product>;

/** The URL of a product's page. */
export function productUrl(slug: string): string {
  return `https://www.producthunt.com/products/${slug}`;
}

/** The producthunt module, which reads saved pages instead of crawling the site. */
export function producthunt(connection: {
  analyticsUrl: string;
  sharedSecret: string;
}): ExternalModuleOptions {
  return {
    ...connection,
    name: "producthunt",
    frequency: "weekly",
    mappings: map.Mappings,
    discover: (name) => {
      const slug = name.toLowerCase().replaceAll(" ", "-");
      return { producthunt_url: products.has(slug) ? [productUrl(slug)] : [] };
    },
    crawl: async (property, handle) => {
      if (property !== "producthunt_url") {
        throw new CrawlingError(
          `Unsupported type error for ${property} in ${handle}`,
          "ClientInvalidBodyError",
        );
      }
      const page = products.get(handle.slice(handle.lastIndexOf("/") + 1));
      if (page === undefined) {
        throw new CrawlingError(`Error fetching product page ${handle}: 404 Client Error: Not Found`);
      }
      return page;
    },
  };
}
