import { bun, ConfigurationError, cloudflare, deno, netlify, vercel, webhook } from "@countersign/serverless/fetch";
import { describe, expect, it } from "vitest";
import { type Signed, signed, watched } from "./acme.js";

const URL_ = "https://hooks.example.com/webhooks/acme";
const HTTPS = { protocol: "https" } as const;

const requestOf = ({ headers, body }: Signed, url = URL_, more: Record<string, string> = {}): Request =>
  new Request(url, { method: "POST", headers: { ...headers, ...more }, body });

/** What is no origin, and how it is named. */
const WRONG_ORIGINS: readonly (readonly [unknown, string])[] = [
  ["https", '"https"'],
  [443, "443"],
  [{ ip: "203.0.113.9", proto: "https" }, 'an object with "ip"'],
  [{ address: "203.0.113.9", proto: "https" }, 'an object with "proto"'],
  [{ address: 203 }, "the address 203"],
  [{ address: {} }, "the address an object"],
  [{ protocol: "https:" }, 'the protocol "https:"'],
  [{ protocol: "a\u2028b" }, 'the protocol "ab"'],
  [{ protocol: true }, "the protocol true"],
];

describe("webhook(verifier, handler, origin)", () => {
  it.each(WRONG_ORIGINS)("throws while being made for the origin %j", (origin, saw) => {
    const make = (): unknown => webhook(watched().verifier, async () => {}, origin as never);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(`webhook.origin: saw ${saw}`);
  });

  it.each<readonly [unknown, string]>([...WRONG_ORIGINS, [Promise.resolve(HTTPS), "a promise"]])(
    "answers a coded 500 where the origin's function answers %j, and says so",
    async (origin, saw) => {
      const { verifier, records } = watched();
      const handler = webhook(
        verifier,
        () => expect.unreachable(),
        () => origin as never,
      );
      expect((await handler(requestOf(signed()))).status).toBe(500);
      expect(records[0]).toMatchObject({
        code: "MISCONFIGURED",
        detail: expect.stringContaining(`webhook.origin: saw ${saw} answered`),
      });
    },
  );

  it("does not let the rejection of an origin's promise end the process", async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", listener);
    const failing = async (): Promise<never> => {
      throw new Error("no info was passed");
    };
    const handler = webhook(watched().verifier, () => expect.unreachable(), failing as never);
    expect((await handler(requestOf(signed()))).status).toBe(500);
    await new Promise(setImmediate);
    process.off("unhandledRejection", listener);
    expect(unhandled).toEqual([]);
  });

  it.each([null, undefined, ""])("knows no address where the origin answers %j for it", async (address) => {
    const origin = () => ({ address, protocol: "https" }) as never;
    expect((await webhook(watched().verifier, async () => {}, origin)(requestOf(signed()))).status).toBe(200);
    const { verifier, records } = watched({ allow: ["0.0.0.0/0", "::/0"] });
    expect((await webhook(verifier, () => expect.unreachable(), origin)(requestOf(signed()))).status).toBe(403);
    expect(records[0]?.code).toBe("ADDRESS_UNKNOWN");
  });

  it.each([null, undefined, {}, { protocol: null }])("knows no protocol where the origin answers %j", async (answer) => {
    const { verifier, records } = watched();
    expect(
      (
        await webhook(
          verifier,
          () => expect.unreachable(),
          () => answer as never,
        )(requestOf(signed()))
      ).status,
    ).toBe(403);
    expect(records[0]?.code).toBe("HTTPS_REQUIRED");
  });

  it("takes a socket's address as it is", async () => {
    const origin = () => ({ address: "203.0.113.9", family: "IPv4", port: 443, protocol: "https" as const });
    expect((await webhook(watched({ allow: ["203.0.113.9"] }).verifier, async () => {}, origin)(requestOf(signed()))).status).toBe(200);
  });

  it("advises an origin where it has none, and no Unix socket", async () => {
    const { verifier, records } = watched({ https: "off", allow: ["203.0.113.9"] });
    expect((await webhook(verifier, () => expect.unreachable())(requestOf(signed()))).status).toBe(403);
    expect(records[0]?.detail).toMatch(/`origin`.*hops: n/);
    expect(records[0]?.detail).not.toMatch(/unix/i);
  });
});

describe("cloudflare", () => {
  it("takes the address that the edge wrote, and the URL's protocol", () => {
    expect(cloudflare(requestOf(signed(), URL_, { "cf-connecting-ip": "203.0.113.9" }))).toEqual({
      address: "203.0.113.9",
      protocol: "https",
    });
    expect(cloudflare(requestOf(signed(), "http://x.example/"))).toEqual({ address: undefined, protocol: "http" });
  });

  it("leaves an address that is none to be refused", async () => {
    const handler = webhook(watched({ allow: ["203.0.113.9"] }).verifier, async () => {}, cloudflare);
    const send = async (ip: string): Promise<number> => (await handler(requestOf(signed(), URL_, { "cf-connecting-ip": ip }))).status;
    expect(await send("203.0.113.9")).toBe(200);
    expect(await send("203.0.113.9, 203.0.113.9")).toBe(403);
    expect(await send("")).toBe(403);
  });
});

describe("vercel", () => {
  it("takes the address and protocol that the proxy wrote", () => {
    const request = requestOf(signed(), "http://localhost/", { "x-real-ip": "203.0.113.9", "x-forwarded-proto": "https" });
    expect(vercel(request)).toEqual({ address: "203.0.113.9", protocol: "https" });
    expect(vercel(requestOf(signed()))).toEqual({ address: undefined, protocol: "http" });
  });
});

describe("netlify", () => {
  it("takes the context's address and the URL's protocol", () => {
    expect(netlify(requestOf(signed()), { ip: "203.0.113.9" })).toEqual({ address: "203.0.113.9", protocol: "https" });
  });
});

describe("deno", () => {
  it("takes the address of a TCP peer, has none for a Unix socket, and never claims TLS", () => {
    const request = requestOf(signed());
    expect(deno(request, { remoteAddr: { transport: "tcp", hostname: "203.0.113.9", port: 1 } })).toEqual({
      address: "203.0.113.9",
      protocol: "http",
    });
    expect(deno(request, { remoteAddr: { transport: "unix", path: "/run/x" } })).toEqual({ address: undefined, protocol: "http" });
  });
});

describe("bun", () => {
  it("takes the address and protocol from the server, whatever the request's URL says", () => {
    const server = (url: string) => ({ requestIP: () => ({ address: "203.0.113.9", family: "IPv4", port: 1 }), url: new URL(url) });
    expect(bun(requestOf(signed()), server("http://localhost:3000/"))).toEqual({ address: "203.0.113.9", protocol: "http" });
    expect(bun(requestOf(signed()), server("https://localhost:3000/"))).toEqual({ address: "203.0.113.9", protocol: "https" });
  });

  it("tells a connection that is gone from a Unix socket: Bun knows no address of either", () => {
    const addressOn = (url: string) => bun(requestOf(signed()), { requestIP: () => null, url: new URL(url) }).address;
    expect(addressOn("http://localhost:3000/")).toBe("");
    expect(addressOn("https://localhost:3000/")).toBe("");
    expect(addressOn("unix:///run/app.sock")).toBeUndefined();
  });
});
