import { createServer } from "node:http";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { z } from "zod";

/** A stand-in of Google's servers that publish the keys of our users' tokens. */
export interface Operators {
  /** An operator's ID token. */
  readonly token: string;
  /** The same with other claims. */
  tokenWith(claims: object): Promise<string>;
  /** The key that verifies, as a text that a forger could sign with. */
  readonly publicKey: string;
  close(): void;
}

/** Starts it, and has this process take it for Google's. */
export async function openOperators(): Promise<Operators> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  const keys = [{ ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" }];
  const server = createServer((_request, response) => response.end(JSON.stringify({ keys })));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  process.env["USER_TOKEN_KEYS_URL"] = `http://127.0.0.1:${port}/keys`;
  process.env["SERVICE_TOKEN_KEYS_URL"] = `http://127.0.0.1:${port}/keys`;

  const project = process.env["GCLOUD_PROJECT"] ?? "";
  const now = Math.floor(Date.now() / 1000);
  const tokenWith = (claims: object) =>
    new SignJWT({
      iss: `https://securetoken.google.com/${project}`,
      aud: project,
      sub: "uid-of-ada",
      iat: now - 60,
      exp: now + 3540,
      auth_time: now - 600,
      operator: true,
      ...claims,
    })
      .setProtectedHeader({ alg: "RS256", kid: "one" })
      .sign(privateKey);
  return {
    token: await tokenWith({}),
    tokenWith,
    publicKey: await exportSPKI(publicKey),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
