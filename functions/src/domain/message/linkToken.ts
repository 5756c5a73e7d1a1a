import { errors, SignJWT } from "jose";
import { z } from "zod";
import { linkConfig } from "../../platform/config.ts";
import { verifySigned } from "../../platform/verifySigned.ts";

const id = z.int().positive();

const linkScope = z.discriminatedUnion("act", [
  z.object({ act: z.literal("mute"), user: id, company: id }),
  z.object({ act: z.literal("pause"), channel: id }),
]);

/** What the holder of a link may do: mute one company for one user, or pause one channel. */
export type LinkScope = z.output<typeof linkScope>;

const AUDIENCE = "unsubscribe";

/**
 * Signs the token of a link. It does not expire, since the link in an old message must still end the messages, and
 * ends with the key of PARMA_LINK_SECRET that signed it; it is the same each time, so that a message is.
 */
export function signLink(scope: LinkScope): Promise<string> {
  const [key] = linkConfig().PARMA_LINK_SECRET;
  return new SignJWT({ ...scope }).setProtectedHeader({ alg: "HS256" }).setAudience(AUDIENCE).sign(key);
}

/** What a token allows, or undefined where it is none of ours. */
export async function verifyLink(token: string): Promise<LinkScope | undefined> {
  try {
    const payload = await verifySigned(token, linkConfig().PARMA_LINK_SECRET, { audience: AUDIENCE });
    return linkScope.safeParse(payload).data;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
