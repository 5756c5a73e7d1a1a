import { defineSecret } from "firebase-functions/params";

/**
 * What signs the mining modules' tokens: for the functions that call modules or are called by them. Each of these, and
 * PARMA_LINK_SECRET, holds one key or a JSON list of two, so that no second secret has to exist for a rotation.
 */
export const TOKEN_SECRETS = [
  defineSecret("PARMA_SHARED_SECRET_KEY"),
  defineSecret("PARMA_ANALYTICS_SECRET_KEY"),
] as const;

/** For the function that hosts the built-in github module. */
export const GITHUB_SECRETS = [defineSecret("GITHUB_TOKEN")] as const;

/** For the functions that ask a language model. Its value may be "none". */
export const LANGUAGE_SECRETS = [defineSecret("OPENAI_API_KEY")] as const;

/** For the function behind the links of messages. */
export const LINK_SECRETS = [defineSecret("PARMA_LINK_SECRET")] as const;

/** For the functions that send email. */
export const MAIL_SECRETS = [defineSecret("SMTP_URL")] as const;

/** For the functions that send messages. The Slack tokens are secrets of their own, one a channel. */
export const CHANNEL_SECRETS = [...MAIL_SECRETS, ...LINK_SECRETS] as const;
