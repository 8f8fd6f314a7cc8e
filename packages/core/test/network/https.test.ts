import { describe, expect, it } from "vitest";
import { createNetwork, type NetworkNotice, type NetworkOptions } from "../../src/network/network.js";
import { toArrival } from "./arrivals.js";

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** `"unset"` leaves NODE_ENV out. */
const open = (options: object, nodeEnv = "production") => {
  const notices: NetworkNotice[] = [];
  const network = createNetwork(options as NetworkOptions, (notice) => notices.push(notice), {
    nodeEnv: nodeEnv === "unset" ? undefined : nodeEnv,
  });
  return { notices, check: network.check };
};
const judge = (options: object, address: string | undefined, headers: Headers = {}): string =>
  open(options).check(toArrival(address, headers))?.code ?? "passes";
const detailOf = (options: object, address: string | undefined, headers: Headers = {}, nodeEnv?: string): string =>
  open(options, nodeEnv).check(toArrival(address, headers))?.detail ?? "passes";
const proto = (...lines: string[]): Headers => ({ "x-forwarded-proto": lines });

describe("checkHttps", () => {
  it("passes what the socket or the platform calls https, whatever headers say", () => {
    expect(open({}).check(toArrival("203.0.113.7", proto("http"), "https"))).toBeUndefined();
  });

  it("passes everything when off", () => {
    expect(judge({ https: "off" }, "203.0.113.7")).toBe("passes");
    expect(judge({ https: "off" }, undefined)).toBe("passes");
  });

  it("believes loopback about the protocol by default, and nobody else", () => {
    expect(judge({}, "127.0.0.1", proto("https"))).toBe("passes");
    expect(judge({}, "::1", proto("https"))).toBe("passes");
    for (const address of ["10.0.0.1", "203.0.113.7", undefined, "", "fe80::1%lo"])
      expect(judge({}, address, proto("https"))).toBe("HTTPS_REQUIRED");
  });

  it("believes the proxies that are named, and loopback no longer", () => {
    expect(judge({ trustedProxies: ["private"] }, "10.0.0.1", proto("https"))).toBe("passes");
    expect(judge({ trustedProxies: ["private"] }, "127.0.0.1", proto("https"))).toBe("HTTPS_REQUIRED");
    expect(judge({ trustedProxies: [] }, "127.0.0.1", proto("https"))).toBe("HTTPS_REQUIRED");
    expect(judge({ trustedProxies: ["unix"] }, undefined, proto("https"))).toBe("passes");
    expect(judge({ trustedProxies: ["unix"] }, undefined)).toBe("HTTPS_REQUIRED");
  });

  it("takes the rightmost value over all lines, in any letter case", () => {
    const options = { trustedProxies: ["private"] };
    expect(judge(options, "10.0.0.1", proto("http, HTTPS"))).toBe("passes");
    expect(judge(options, "10.0.0.1", proto("http", "https"))).toBe("passes");
    expect(judge(options, "10.0.0.1", proto("https, http"))).toBe("HTTPS_REQUIRED");
    expect(judge(options, "10.0.0.1", proto("https", "http"))).toBe("HTTPS_REQUIRED");
  });

  it.each(["", "http", "httpss", "https,", "on", "wss", '"https"'])("does not take %j for https", (value) => {
    expect(judge({ trustedProxies: ["private"] }, "10.0.0.1", proto(value))).toBe("HTTPS_REQUIRED");
  });

  it("reads X-Forwarded-Proto beside a header with a single address", () => {
    expect(judge({ trustedProxies: ["private"], forwardedHeader: "CF-Connecting-IP" }, "10.0.0.1", proto("https"))).toBe("passes");
  });

  describe("with RFC 7239 configured", () => {
    const options = { trustedProxies: ["private"], forwardedHeader: "Forwarded" };

    it("reads proto= and not X-Forwarded-Proto", () => {
      expect(judge(options, "10.0.0.1", { forwarded: "for=203.0.113.7;proto=https" })).toBe("passes");
      expect(judge(options, "10.0.0.1", { forwarded: 'proto="HTTPS"' })).toBe("passes");
      expect(judge(options, "10.0.0.1", { forwarded: "for=203.0.113.7;proto=http", ...proto("https") })).toBe("HTTPS_REQUIRED");
      expect(judge(options, "10.0.0.1", proto("https"))).toBe("HTTPS_REQUIRED");
      expect(judge({ trustedProxies: ["private"] }, "10.0.0.1", { forwarded: "proto=https" })).toBe("HTTPS_REQUIRED");
    });

    it("takes the rightmost protocol that a trusted proxy names", () => {
      expect(judge(options, "10.0.0.1", { forwarded: "proto=http, for=203.0.113.7;proto=https" })).toBe("passes");
      expect(judge(options, "10.0.0.1", { forwarded: "proto=https, for=203.0.113.7;proto=http" })).toBe("HTTPS_REQUIRED");
      expect(judge(options, "10.0.0.1", { forwarded: "for=203.0.113.7;proto=https, for=10.0.0.2" })).toBe("passes");
      expect(judge(options, "10.0.0.1", { forwarded: "for=10.0.0.3, for=10.0.0.2" })).toBe("HTTPS_REQUIRED");
    });

    it("believes nothing to the left of an untrusted or unreadable hop", () => {
      expect(judge(options, "10.0.0.1", { forwarded: "proto=https, for=203.0.113.7" })).toBe("HTTPS_REQUIRED");
      expect(judge(options, "10.0.0.1", { forwarded: "proto=https, for=unknown" })).toBe("HTTPS_REQUIRED");
    });
  });

  describe("behind a number of hops", () => {
    it("takes the n-th value from the right, or a value that stands alone", () => {
      const options = { trustedProxies: { hops: 2 } };
      expect(judge(options, "8.8.8.8", proto("http, https, http"))).toBe("passes");
      expect(judge(options, "8.8.8.8", proto("https, http, https"))).toBe("HTTPS_REQUIRED");
      expect(judge(options, undefined, proto("https"))).toBe("passes");
      expect(judge(options, "8.8.8.8", proto("http"))).toBe("HTTPS_REQUIRED");
      expect(judge(options, "8.8.8.8")).toBe("HTTPS_REQUIRED");
      expect(judge({ trustedProxies: { hops: 3 } }, "8.8.8.8", proto("https, https"))).toBe("HTTPS_REQUIRED");
    });

    it("does so in RFC 7239 too", () => {
      const options = { trustedProxies: { hops: 2 }, forwardedHeader: "forwarded" };
      expect(judge(options, "8.8.8.8", { forwarded: "for=1.1.1.1;proto=https, for=2.2.2.2;proto=http" })).toBe("passes");
      expect(judge(options, "8.8.8.8", { forwarded: "for=1.1.1.1, for=2.2.2.2;proto=https" })).toBe("HTTPS_REQUIRED");
    });
  });

  describe("in local development", () => {
    const local = { host: "localhost:3000" };

    it("passes plain HTTP from this machine and says so once", () => {
      const { check, notices } = open({}, "unset");
      for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) expect(check(toArrival(address, local))).toBeUndefined();
      expect(check(toArrival("127.0.0.1", local, "untold"))).toBeUndefined();
      expect(notices).toEqual([
        {
          code: "LOCAL_HTTP",
          detail: "plain HTTP from this machine is accepted for local development; with NODE_ENV=production it is refused",
        },
      ]);
    });

    it("says nothing where HTTPS was told or is off", () => {
      const required = open({}, "development");
      required.check(toArrival("127.0.0.1", { ...local, ...proto("https") }));
      required.check(toArrival("127.0.0.1", local, "https"));
      const off = open({ https: "off" }, "development");
      off.check(toArrival("127.0.0.1", local));
      expect([...required.notices, ...off.notices]).toEqual([]);
    });

    it("is over in production, with trustedProxies set, and for any other peer", () => {
      const judgeIn = (nodeEnv: string, options: object, address: string | undefined) => {
        const { check, notices } = open(options, nodeEnv);
        const code = check(toArrival(address, local))?.code;
        expect(notices).toEqual([]);
        return code;
      };
      expect(judgeIn("production", {}, "127.0.0.1")).toBe("HTTPS_REQUIRED");
      for (const trustedProxies of [["loopback"], [], ["private"], { hops: 1 }]) {
        expect(judgeIn("development", { trustedProxies }, "127.0.0.1")).toBe("HTTPS_REQUIRED");
      }
      for (const address of [undefined, "", "localhost", "10.0.0.1", "192.168.1.5", "fe80::1", "203.0.113.7"]) {
        expect(judgeIn("development", {}, address)).toBe("HTTPS_REQUIRED");
      }
    });

    it("still asks for the address", () => {
      const { check } = open({ allow: ["203.0.113.7"] }, "development");
      expect(check(toArrival("127.0.0.1", local))?.code).toBe("ADDRESS_NOT_ALLOWED");
    });
  });

  describe("in its words for the operator", () => {
    it("names the header, the peer that is not trusted, and the option to set", () => {
      expect(detailOf({}, "10.1.2.3", proto("https"))).toBe(
        "`x-forwarded-proto: https` came from 10.1.2.3, which is not trusted (without the option, loopback alone is); " +
          'if it is a proxy of yours, add trustedProxies: ["private"]; Express\'s `trust proxy` is not read',
      );
      expect(detailOf({ trustedProxies: ["private"] }, "198.51.100.1", proto("https"))).toBe(
        "`x-forwarded-proto: https` came from 198.51.100.1, which is not trusted; " +
          'if it is a proxy of yours, add trustedProxies: ["198.51.100.1"]; Express\'s `trust proxy` is not read',
      );
      expect(detailOf({ forwardedHeader: "forwarded" }, undefined, { forwarded: "proto=https" })).toMatch(
        /^`forwarded: https` came from a peer without an address .* add trustedProxies: \["unix"\];/,
      );
    });

    it("tells that no header spoke of the protocol", () => {
      expect(detailOf({}, "198.51.100.1")).toBe(
        'plain HTTP from 198.51.100.1, and no protocol in x-forwarded-proto; serve HTTPS, or set https: "off" to accept plain HTTP; ' +
          'if it is a proxy of yours, add trustedProxies: ["198.51.100.1"]',
      );
      expect(detailOf({}, "fe80::1%eth0")).toMatch(/address "fe80::1%eth0" cannot be read, .*; no option can trust such a peer$/);
    });

    it("tells what a trusted proxy said instead", () => {
      expect(detailOf({ trustedProxies: ["private"] }, "10.0.0.1", proto("https, http"))).toBe(
        '10.0.0.1 says "http" in x-forwarded-proto; not local development, for trustedProxies is set; ' +
          'have the proxy send the client\'s protocol in x-forwarded-proto, or set https: "off" to accept plain HTTP',
      );
      expect(detailOf({ trustedProxies: { hops: 3 } }, "8.8.8.8", proto("https, http"))).toMatch(
        /^plain HTTP from 8.8.8.8, and no protocol in x-forwarded-proto, counting 3 from the right;/,
      );
    });

    it("tells what keeps a local delivery from passing", () => {
      const host = { host: "localhost" };
      expect(detailOf({}, "127.0.0.1", host, "production")).toMatch(/not local development, for NODE_ENV is production;/);
      expect(detailOf({}, "127.0.0.1", { host: "example.com" }, "test")).toMatch(/for the Host header does not name this machine;/);
      expect(detailOf({}, "127.0.0.1", { ...host, via: "1.1 proxy" }, "test")).toMatch(/for via is present;/);
    });

    it("clips what a client sent and removes control characters", () => {
      const detail = detailOf({}, "198.51.100.1", proto(`\r\n\u001b${"h".repeat(9000)}`));
      expect(detail).toMatch(/^`x-forwarded-proto: h{50,64}\.\.\.` came from/);
    });
  });
});
