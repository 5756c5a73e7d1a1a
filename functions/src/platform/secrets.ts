import { defineSecret } from "firebase-functions/params";

/** What signs the mining modules' tokens: for the functions that call modules or are called by them. */
export const TOKEN_SECRETS = [
  defineSecret("PARMA_SHARED_SECRET_KEY"),
  defineSecret("PARMA_ANALYTICS_SECRET_KEY"),
] as const;

/** For the function that hosts the built-in github module. */
export const GITHUB_SECRETS = [defineSecret("GITHUB_TOKEN")] as const;
