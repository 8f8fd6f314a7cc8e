import type { Delivery } from "@countersign/core";
import { Hono } from "hono";
import { afterEach, describe, expect, it } from "vitest";
import { toDelivery } from "../src/delivery.js";

const { navigator } = globalThis;

afterEach(() => {
  Object.defineProperty(globalThis, "navigator", { configurable: true, writable: true, value: navigator });
});

/** What `toDelivery` makes of a request on a runtime with these bindings. */
async function deliveryOn(
  env: object | undefined,
  { url = "https://evil.example/a/b?c", cf }: { url?: string; cf?: object } = {},
): Promise<Delivery> {
  let delivery: Delivery | undefined;
  const app = new Hono();
  app.all("*", async (c) => {
    delivery = await toDelivery(c);
    return c.body(null);
  });
  const request = new Request(url, { method: "POST", body: "{}", headers: { "cf-connecting-ip": "203.0.113.7" } });
  if (cf !== undefined) Object.assign(request, { cf });
  await app.fetch(request, env);
  return delivery as Delivery;
}

const onWorkers = (): void => {
  Object.defineProperty(globalThis, "navigator", { configurable: true, writable: true, value: { userAgent: "Cloudflare-Workers" } });
};

describe("toDelivery", () => {
  it("knows neither address nor protocol where the runtime tells nothing", async () => {
    const { address, protocol, wire } = await deliveryOn(undefined);
    expect([address, protocol, wire]).toEqual([undefined, undefined, undefined]);
  });

  it("takes the address from Deno, and never the protocol from the URL", async () => {
    const { address, protocol } = await deliveryOn({ remoteAddr: { transport: "tcp", hostname: "198.51.100.4", port: 1 } });
    expect([address, protocol]).toEqual(["198.51.100.4", "http"]);
  });

  it("takes no address from Deno's Unix sockets", async () => {
    expect((await deliveryOn({ remoteAddr: { transport: "unix", path: "/run/x" } })).address).toBeUndefined();
  });

  it.each([
    ["http://localhost:3000", "http"],
    ["https://localhost:3000", "https"],
  ])("takes the address from Bun, and the protocol from what its server is: %s", async (url, expected) => {
    const asked: unknown[] = [];
    const server = {
      url: new URL(url),
      requestIP(request: Request) {
        asked.push(request);
        return { address: "198.51.100.5", family: "IPv4", port: 1 };
      },
    };
    for (const env of [server, { server }]) {
      const { address, protocol } = await deliveryOn(env);
      expect([address, protocol]).toEqual(["198.51.100.5", expected]);
    }
    expect(asked[0]).toBeInstanceOf(Request);
  });

  it("takes no address from Bun's Unix sockets, and an empty one for a peer of another server that is gone", async () => {
    const requestIP = (): null => null;
    expect((await deliveryOn({ url: new URL("unix:///run/x"), requestIP })).address).toBeUndefined();
    expect((await deliveryOn({ url: new URL("http://localhost:3000"), requestIP })).address).toBe("");
  });

  it("believes Workers about the protocol, and takes no header for an address unless the verifier's options name it", async () => {
    onWorkers();
    const { address, protocol } = await deliveryOn({}, { cf: { colo: "AMS" } });
    expect([address, protocol]).toEqual([undefined, "https"]);
    expect((await deliveryOn({}, { url: "http://evil.example/", cf: {} })).protocol).toBe("http");
  });

  it("believes neither of them where Cloudflare's network has not seen the request", async () => {
    onWorkers();
    expect(await deliveryOn({})).toMatchObject({ address: undefined, protocol: undefined });
    Object.defineProperty(globalThis, "navigator", { configurable: true, writable: true, value: undefined });
    expect(await deliveryOn({}, { cf: {} })).toMatchObject({ address: undefined, protocol: undefined });
  });

  it("takes no binding for Node's request that only has its name", async () => {
    expect((await deliveryOn({ incoming: { get: () => null } })).wire).toBeUndefined();
  });
});
