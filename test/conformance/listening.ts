import type { AddressInfo } from "node:net";
import type { Server } from "@countersign/testing/conformance";

/** The part of a Node server that is needed to start and stop it. */
interface NodeServer {
  listen(port: number, host: string, done: () => void): unknown;
  address(): unknown;
  close(done: () => void): unknown;
  closeAllConnections(): void;
}

/** Starts a server on a free port of this machine. */
export async function listening(server: NodeServer): Promise<Pick<Server, "port" | "close">> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
