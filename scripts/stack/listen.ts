import type { Server } from "node:net";

/** Lets a server listen on a free port of this machine. @returns its address, as `host:port` */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server listens on no port");
  return `127.0.0.1:${address.port}`;
}
