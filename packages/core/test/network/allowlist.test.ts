import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLIENT, type Given, type Headers, refuse, xff } from "./refuse-address.js";

/** The code of the refusal, or "passes". */
const judge = (given: Given, address: string | undefined, headers: Headers = {}): string =>
  refuse(given, address, headers)?.code ?? "passes";

describe("createAddressCheck", () => {
  describe("without a trusted proxy", () => {
    it("compares the socket's address", () => {
      expect(judge({}, CLIENT)).toBe("passes");
      expect(judge({}, `::ffff:${CLIENT}`)).toBe("passes");
      expect(judge({}, "203.0.113.8")).toBe("ADDRESS_NOT_ALLOWED");
    });

    it("denies every address by an empty list", () => {
      for (const address of [CLIENT, "127.0.0.1", "::1"]) expect(judge({ allow: [] }, address)).toBe("ADDRESS_NOT_ALLOWED");
      expect(refuse({ allow: [] }, CLIENT)?.detail).toBe("allow is an empty list, which denies every address");
    });

    it.each([undefined, ["10.0.0.0/8"], []])("ignores every header of an untrusted peer, trustedProxies being %j", (trustedProxies) => {
      const headers = { ...xff(CLIENT), forwarded: `for=${CLIENT}`, "cf-connecting-ip": CLIENT };
      for (const header of ["x-forwarded-for", "forwarded", "cf-connecting-ip"]) {
        expect(judge({ trustedProxies, header }, "198.51.100.1", headers)).toBe("ADDRESS_NOT_ALLOWED");
        expect(
          judge({ trustedProxies, header }, CLIENT, { ...xff("6.6.6.6"), forwarded: "for=6.6.6.6", "cf-connecting-ip": "6.6.6.6" }),
        ).toBe("passes");
      }
    });

    it("believes no header about the address while trustedProxies is left out, not even of loopback", () => {
      expect(judge({}, "127.0.0.1", xff(CLIENT))).toBe("ADDRESS_NOT_ALLOWED");
      expect(judge({ allow: ["127.0.0.1"] }, "127.0.0.1", xff("6.6.6.6"))).toBe("passes");
      expect(judge({ trustedProxies: ["loopback"] }, "127.0.0.1", xff(CLIENT))).toBe("passes");
    });
  });

  describe("with an address that cannot be told", () => {
    it("never takes an undefined address for loopback, nor allows it", () => {
      for (const trustedProxies of [undefined, ["loopback"], ["loopback", "private", "link-local"], []]) {
        expect(judge({ allow: ["0.0.0.0/0", "::/0"], trustedProxies }, undefined, xff(CLIENT))).toBe("ADDRESS_UNKNOWN");
      }
    });

    it.each(["", "unix", "127.1", "127.0.0.1:80", "localhost", "::1%lo", "127.0.0.1%lo", "fe80::1%", "%eth0", "169.254.0.1%eth0"])(
      "refuses the socket address %j as unknown",
      (address) => {
        expect(judge({ allow: ["0.0.0.0/0", "::/0"], trustedProxies: ["loopback", "link-local", "unix"] }, address, xff(CLIENT))).toBe(
          "ADDRESS_UNKNOWN",
        );
      },
    );

    it("neither trusts nor allows a peer that is gone", () => {
      for (const trustedProxies of [undefined, ["unix"], ["unix", "loopback", "private"], { hops: 1 }]) {
        const refusal = refuse({ allow: ["0.0.0.0/0", "::/0"], trustedProxies }, "", xff(CLIENT));
        expect(refusal?.code).toBe("ADDRESS_UNKNOWN");
        expect(refusal?.detail).toBe(
          "the connection came from a peer that is gone (its connection was reset); " + "no option can trust such a peer",
        );
      }
    });
  });

  describe("with a link-local peer", () => {
    it.each(["fe80::1%eth0", "fe80::1%3", "febf::ff%en0.1"])("passes over the interface in %j, which the socket appends", (address) => {
      expect(judge({ allow: ["fe80::/10"] }, address)).toBe("passes");
      expect(judge({ trustedProxies: ["link-local"] }, address, xff(CLIENT))).toBe("passes");
      expect(judge({ allow: ["fe90::/16"] }, address)).toBe("ADDRESS_NOT_ALLOWED");
      expect(refuse({}, "fe80::1%eth0")?.detail).toMatch(/^fe80::1, the connection's peer, is not in allow/);
    });

    it("refuses an interface that a header names", () => {
      expect(judge({ allow: ["fe80::/10"], trustedProxies: ["loopback"] }, "::1", xff("fe80::1%eth0"))).toBe("ADDRESS_UNKNOWN");
    });
  });

  describe("behind trusted proxies", () => {
    const trustedProxies = ["private", "loopback"];

    it("takes the first untrusted hop from the right, never the leftmost", () => {
      expect(judge({ trustedProxies }, "10.0.0.1", xff(`6.6.6.6, ${CLIENT}, 10.0.0.2, 192.168.0.9`))).toBe("passes");
      expect(judge({ trustedProxies }, "10.0.0.1", xff(`${CLIENT}, 6.6.6.6, 10.0.0.2`))).toBe("ADDRESS_NOT_ALLOWED");
      expect(judge({ trustedProxies }, "10.0.0.1", xff(`${CLIENT}, 6.6.6.6`))).toBe("ADDRESS_NOT_ALLOWED");
    });

    it("reads all lines in order", () => {
      expect(judge({ trustedProxies }, "10.0.0.1", xff("6.6.6.6", `6.6.6.6, ${CLIENT}`, "10.0.0.2"))).toBe("passes");
      expect(judge({ trustedProxies }, "10.0.0.1", xff(CLIENT, "6.6.6.6", "10.0.0.2"))).toBe("ADDRESS_NOT_ALLOWED");
    });

    it("is not moved by anything that a client sends in front", () => {
      const units = [...'0123456789abcdef:.,;="\\[] _', "for=", CLIENT, "6.6.6.6", "10.0.0.3"];
      const text = fc.array(fc.constantFrom(...units)).map((parts) => parts.join(""));
      fc.assert(
        fc.property(text, fc.boolean(), (sent, sameLine) => {
          const lines = (last: string) => (sameLine ? [`${sent}, ${last}`] : [sent, last]);
          expect(judge({ trustedProxies }, "10.0.0.1", xff(...lines("6.6.6.6, 10.0.0.2")))).toBe("ADDRESS_NOT_ALLOWED");
          expect(judge({ trustedProxies }, "10.0.0.1", xff(...lines(`${CLIENT}, 10.0.0.2`)))).toBe("passes");
          const forwarded = lines('for="6.6.6.6:99";host="a,b"');
          expect(judge({ trustedProxies, header: "forwarded" }, "10.0.0.1", { forwarded })).toBe("ADDRESS_NOT_ALLOWED");
        }),
        { numRuns: 1000 },
      );
    });

    it.each(["unknown", "_hidden", "", " ", "10.0.0.1.", "010.0.0.2", "fe80::1%eth0", "1.2.3.4:99999"])(
      "rejects a chain in which it meets the hop %j",
      (hop) => {
        expect(judge({ trustedProxies }, "10.0.0.1", xff(`${CLIENT}, ${hop}`))).toBe("ADDRESS_UNKNOWN");
        expect(judge({ trustedProxies }, "10.0.0.1", xff(`${CLIENT}, ${hop}, 10.0.0.2`))).toBe("ADDRESS_UNKNOWN");
        expect(judge({ trustedProxies }, "10.0.0.1", xff(`${hop}, ${CLIENT}, 10.0.0.2`))).toBe("passes");
      },
    );

    it("follows no chain without an end", () => {
      const chain = (hops: number) => xff(CLIENT + ", 10.0.0.2".repeat(hops));
      expect(judge({ trustedProxies }, "10.0.0.1", chain(99))).toBe("passes");
      const refusal = refuse({ allow: ["10.0.0.2"], trustedProxies }, "10.0.0.1", chain(100));
      expect(refusal).toMatchObject({
        code: "ADDRESS_UNKNOWN",
        detail: "X-Forwarded-For names 100 trusted proxies, and is not read further",
      });
    });

    it("takes the leftmost hop where all are trusted", () => {
      expect(judge({ allow: ["10.0.0.9"], trustedProxies }, "10.0.0.1", xff("10.0.0.9, 10.0.0.8"))).toBe("passes");
      expect(judge({ allow: ["10.0.0.8", "10.0.0.1"], trustedProxies }, "10.0.0.1", xff("10.0.0.9, 10.0.0.8"))).toBe("ADDRESS_NOT_ALLOWED");
    });

    it("takes the peer itself where the header is absent", () => {
      expect(judge({ allow: ["10.0.0.1"], trustedProxies }, "10.0.0.1")).toBe("passes");
      expect(judge({ trustedProxies }, "10.0.0.1")).toBe("ADDRESS_NOT_ALLOWED");
    });

    it("reads the configured header alone", () => {
      expect(judge({ trustedProxies }, "10.0.0.1", { forwarded: `for=${CLIENT}`, "x-real-ip": CLIENT })).toBe("ADDRESS_NOT_ALLOWED");
      expect(judge({ trustedProxies, header: "forwarded" }, "10.0.0.1", xff(CLIENT))).toBe("ADDRESS_NOT_ALLOWED");
      expect(
        judge({ trustedProxies, header: "forwarded" }, "10.0.0.1", {
          forwarded: `for=${CLIENT};proto=https, for=10.0.0.2`,
          ...xff("6.6.6.6"),
        }),
      ).toBe("passes");
    });

    it("rejects an obfuscated or missing node of RFC 7239", () => {
      for (const element of ["for=unknown", "for=_abc", "proto=https", "for=::1"]) {
        expect(judge({ trustedProxies, header: "forwarded" }, "10.0.0.1", { forwarded: `for=${CLIENT}, ${element}` })).toBe(
          "ADDRESS_UNKNOWN",
        );
      }
    });
  });

  describe("over a Unix socket named as trusted", () => {
    it("takes what the proxy says", () => {
      expect(judge({ trustedProxies: ["unix"] }, undefined, xff(`6.6.6.6, ${CLIENT}`))).toBe("passes");
      expect(judge({ trustedProxies: ["unix"] }, undefined, xff(`${CLIENT}, 6.6.6.6`))).toBe("ADDRESS_NOT_ALLOWED");
      expect(judge({ trustedProxies: ["unix"], header: "x-real-ip" }, undefined, { "x-real-ip": CLIENT })).toBe("passes");
    });

    it("knows no client where the proxy says nothing", () => {
      for (const header of ["X-Forwarded-For", "Forwarded", "X-Real-IP"]) {
        const given = { allow: ["0.0.0.0/0", "::/0"], trustedProxies: ["unix", "loopback"], header: header.toLowerCase() };
        expect(refuse(given, undefined)).toMatchObject({ code: "ADDRESS_UNKNOWN", detail: `the trusted proxy sent no ${header}` });
      }
    });
  });

  describe("behind a number of hops", () => {
    it("takes the n-th entry from the right, whoever the peer is", () => {
      for (const address of ["8.8.8.8", "10.0.0.1", undefined, "fe80::1%eth0"]) {
        expect(judge({ trustedProxies: { hops: 1 } }, address, xff(`6.6.6.6, ${CLIENT}`))).toBe("passes");
        expect(judge({ trustedProxies: { hops: 2 } }, address, xff("6.6.6.6", `${CLIENT}, 198.51.100.2`))).toBe("passes");
        expect(judge({ trustedProxies: { hops: 2 } }, address, xff(`${CLIENT}, 6.6.6.6, 198.51.100.2`))).toBe("ADDRESS_NOT_ALLOWED");
      }
      expect(judge({ trustedProxies: { hops: 2 }, header: "forwarded" }, "8.8.8.8", { forwarded: `for=${CLIENT}, for=1.1.1.1` })).toBe(
        "passes",
      );
    });

    it("rejects fewer than n entries, even where the peer is allowed", () => {
      expect(judge({ trustedProxies: { hops: 1 } }, CLIENT)).toBe("ADDRESS_UNKNOWN");
      expect(judge({ trustedProxies: { hops: 3 } }, CLIENT, xff(CLIENT, CLIENT))).toBe("ADDRESS_UNKNOWN");
      expect(refuse({ trustedProxies: { hops: 3 } }, CLIENT, xff(CLIENT, CLIENT))?.detail).toBe(
        "trustedProxies is { hops: 3 }, and X-Forwarded-For has only 2 entries",
      );
      expect(refuse({ trustedProxies: { hops: 3 } }, CLIENT)?.detail).toBe(
        "trustedProxies is { hops: 3 }, and X-Forwarded-For has no entries",
      );
    });

    it("rejects an entry that is no address, up to the n-th", () => {
      expect(judge({ trustedProxies: { hops: 2 } }, "8.8.8.8", xff(`${CLIENT}, unknown`))).toBe("ADDRESS_UNKNOWN");
      expect(judge({ trustedProxies: { hops: 2 } }, "8.8.8.8", xff(`unknown, ${CLIENT}, 1.1.1.1`))).toBe("passes");
    });
  });

  describe("with a header that carries a single address", () => {
    const header = "cf-connecting-ip";
    const trustedProxies = ["198.51.100.0/24"];

    it("reads it from a trusted peer only", () => {
      expect(judge({ header, trustedProxies }, "198.51.100.1", { [header]: CLIENT, ...xff("6.6.6.6") })).toBe("passes");
      expect(judge({ header, trustedProxies }, "198.51.100.1", { [header]: "6.6.6.6", ...xff(CLIENT) })).toBe("ADDRESS_NOT_ALLOWED");
      expect(judge({ header, trustedProxies }, "198.51.101.1", { [header]: CLIENT })).toBe("ADDRESS_NOT_ALLOWED");
      expect(judge({ header }, "127.0.0.1", { [header]: CLIENT })).toBe("ADDRESS_NOT_ALLOWED");
    });

    it.each([[`6.6.6.6, ${CLIENT}`], [`${CLIENT},`], ["unknown"], [""], [`for=${CLIENT}`]])("rejects the value %j", (value) => {
      expect(judge({ header, trustedProxies }, "198.51.100.1", { [header]: value })).toBe("ADDRESS_UNKNOWN");
    });

    it("rejects two lines, even of one address", () => {
      expect(refuse({ header, trustedProxies }, "198.51.100.1", { [header]: [CLIENT, CLIENT] })).toMatchObject({
        code: "ADDRESS_UNKNOWN",
        detail: "CF-Connecting-IP came 2 times, and carries one address",
      });
    });

    it("takes the peer where it is absent, unless proxies are counted", () => {
      expect(judge({ allow: ["198.51.100.1"], header, trustedProxies }, "198.51.100.1")).toBe("passes");
      expect(judge({ allow: ["198.51.100.1"], header, trustedProxies: { hops: 1 } }, "198.51.100.1")).toBe("ADDRESS_UNKNOWN");
      expect(judge({ header, trustedProxies: { hops: 2 } }, "8.8.8.8", { [header]: CLIENT })).toBe("passes");
    });
  });
});
