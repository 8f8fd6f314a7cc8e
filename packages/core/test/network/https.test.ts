import { describe, expect, it } from "vitest";
import { hopsFromRight } from "../../src/network/forwarded.js";
import { toArrival, toPlatformArrival } from "./arrivals.js";
import { open } from "./open-network.js";

type Headers = Readonly<Record<string, string | readonly string[]>>;

const judge = (options: object, address: string | undefined, headers: Headers = {}): string =>
  open(options).check(toArrival(address, headers))?.code ?? "passes";
/** Milliseconds of the fastest of five runs: whatever else the machine does makes none faster. */
const fastest = (run: () => unknown): number =>
  Math.min(
    ...Array.from({ length: 5 }, () => {
      const started = performance.now();
      run();
      return performance.now() - started;
    }),
  );
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
    expect(judge({ trustedProxies: ["link-local"] }, "fe80::1%eth0", proto("https"))).toBe("passes");
  });

  it("believes nobody whose connection is gone", () => {
    for (const trustedProxies of [undefined, ["unix", "loopback", "private", "link-local"], { hops: 1 }])
      expect(judge({ trustedProxies }, "", proto("https"))).toBe("HTTPS_REQUIRED");
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
      expect(judge(options, "10.0.0.1", { forwarded: "proto=https, for=10.0.0.2;for=10.0.0.3" })).toBe("HTTPS_REQUIRED");
    });

    it("follows no chain without an end", () => {
      const chain = (hops: number) => ({ forwarded: `proto=https${",for=10.0.0.2".repeat(hops)}` });
      expect(judge(options, "10.0.0.1", chain(99))).toBe("passes");
      expect(judge(options, "10.0.0.1", chain(100))).toBe("HTTPS_REQUIRED");
    });

    it("looks at the entries that count, however many a client sends", () => {
      const forwarded = `${"for=192.0.2.1;proto=http,".repeat(50_000)}for=192.0.2.2`;
      const whole = fastest(() => Array.from(hopsFromRight([forwarded], "forwarded")));
      // one entry of fifty thousand is looked at: a tenth of the time would be far too much
      for (const trustedProxies of [undefined, ["private"], { hops: 1 }])
        expect(fastest(() => judge({ ...options, trustedProxies }, "10.0.0.1", { forwarded }))).toBeLessThan(whole / 10);
    });
  });

  describe("behind a number of hops", () => {
    it("takes the rightmost value, however many there are", () => {
      for (const hops of [1, 2, 3]) {
        const options = { trustedProxies: { hops } };
        expect(judge(options, "8.8.8.8", proto("http, http, https"))).toBe("passes");
        expect(judge(options, undefined, proto("http, https"))).toBe("passes");
        expect(judge(options, "8.8.8.8", proto("https"))).toBe("passes");
        expect(judge(options, "8.8.8.8", proto("https, https, http"))).toBe("HTTPS_REQUIRED");
        expect(judge(options, "8.8.8.8")).toBe("HTTPS_REQUIRED");
      }
    });

    it("takes the rightmost protocol that one of the counted elements of RFC 7239 names", () => {
      const options = { trustedProxies: { hops: 2 }, forwardedHeader: "forwarded" };
      expect(judge(options, "8.8.8.8", { forwarded: "for=1.1.1.1;proto=http, for=2.2.2.2;proto=https" })).toBe("passes");
      expect(judge(options, "8.8.8.8", { forwarded: "for=1.1.1.1;proto=https, for=2.2.2.2" })).toBe("passes");
      expect(judge(options, "8.8.8.8", { forwarded: "for=1.1.1.1;proto=https, for=_hidden" })).toBe("passes");
      expect(judge(options, "8.8.8.8", { forwarded: "proto=https" })).toBe("passes");
      expect(judge(options, "8.8.8.8", { forwarded: "for=1.1.1.1;proto=https, for=2.2.2.2;proto=http" })).toBe("HTTPS_REQUIRED");
      expect(judge(options, "8.8.8.8", { forwarded: "proto=https, for=1.1.1.1, for=2.2.2.2" })).toBe("HTTPS_REQUIRED");
      expect(judge(options, "8.8.8.8", { forwarded: "for=1.1.1.1;proto=https, " })).toBe("HTTPS_REQUIRED");
    });
  });

  describe("in local development", () => {
    const local = { host: "localhost:3000" };

    it("passes plain HTTP from this machine and says so once", () => {
      const { check, notices } = open({}, "unset");
      for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) expect(check(toArrival(address, local))).toBeUndefined();
      expect(check(toPlatformArrival("127.0.0.1", local))).toBeUndefined();
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
      for (const address of [undefined, "", "localhost", "::1%lo", "127.0.0.1%lo", "10.0.0.1", "192.168.1.5", "fe80::1", "203.0.113.7"]) {
        expect(judgeIn("development", {}, address)).toBe("HTTPS_REQUIRED");
      }
    });

    it("still asks for the address", () => {
      const { check } = open({ allow: ["203.0.113.7"] }, "development");
      expect(check(toArrival("127.0.0.1", local))?.code).toBe("ADDRESS_NOT_ALLOWED");
    });
  });
});
