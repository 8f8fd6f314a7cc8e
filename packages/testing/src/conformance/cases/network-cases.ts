/** Methods and targets, HTTPS, and source addresses. */
import type { VerifierOptions } from "@countersign/core";
import type { ConformanceCase } from "../conformance-case.js";
import { check, equal } from "../expect.js";
import type { StageWords, Trait } from "../harness.js";
import { SECRET, signedId } from "../providers.js";
import type { Changes } from "../session.js";

const sender = signedId({ secret: SECRET });
const payload = { type: "t" };
const stageOf = (options: Partial<VerifierOptions>): StageWords => ({ verifier: () => ({ provider: sender, ...options }) });
const LOCAL = ["127.0.0.0/8", "::1"];
const CLIENT = "203.0.113.7";
const listed = { https: "off", allow: [CLIENT], trustedProxies: ["loopback"] } as const;

const decided = (
  name: string,
  options: Partial<VerifierOptions>,
  changes: Changes,
  outcome: "accepted" | readonly [number, string],
  needs: readonly Trait[] = ["addresses"],
): ConformanceCase => ({
  name,
  needs,
  stage: stageOf(options),
  async run(session) {
    const response = await session.send(await session.sign(sender, { payload }), changes);
    if (outcome === "accepted") await session.expect(response, 200, 1);
    else await session.refused(response, outcome[0], outcome[1]);
  },
});

const DENIED = [403, "ADDRESS_NOT_ALLOWED"] as const;
const UNKNOWN = [403, "ADDRESS_UNKNOWN"] as const;
const PLAIN = [403, "HTTPS_REQUIRED"] as const;
const forwardedFor = (value: string): Changes => ({ headers: { "x-forwarded-for": value } });
const proto = (value: string): Changes => ({ headers: { "x-forwarded-proto": value } });
const forwarded = (value: string): Changes => ({ headers: { forwarded: value } });

export const networkCases: readonly ConformanceCase[] = [
  ...["GET", "PUT", "PATCH", "DELETE", "OPTIONS"].map(
    (method): ConformanceCase => ({
      name: `refuses ${method}, and says what is allowed`,
      needs: ["methods"],
      stage: stageOf({}),
      async run(session) {
        const response = await session.send(await session.sign(sender, { payload, method }));
        await session.refused(response, 405, "METHOD_NOT_ALLOWED");
        equal(response.headers.find(([name]) => name === "allow")?.[1], "POST", "allow");
      },
    }),
  ),
  {
    name: "refuses a target that names a host",
    needs: ["raw-target"],
    stage: stageOf({}),
    async run(session) {
      const delivery = await session.sign(sender, { payload });
      const response = await session.send(delivery, { target: `http://localhost${session.path}` });
      await session.refused(response, 400, "TARGET_INVALID");
    },
  },
  {
    name: "is not led to believe in HTTPS by a target that says so",
    needs: ["raw-target"],
    stage: stageOf({ https: "required", trustedProxies: [] }),
    async run(session) {
      const delivery = await session.sign(sender, { payload });
      const response = await session.send(delivery, { target: `https://localhost${session.path}` });
      await session.refused(response, 400, "TARGET_INVALID");
    },
  },
  {
    name: "refuses a target with a fragment",
    needs: ["raw-target"],
    stage: stageOf({}),
    async run(session) {
      const response = await session.send(await session.sign(sender, { payload }), { suffix: "?a=1#b" });
      await session.refused(response, 400, "TARGET_INVALID");
    },
  },
  decided("accepts plain HTTP where HTTPS is off", { https: "off" }, {}, "accepted", []),
  decided("accepts plain HTTP from this machine to this machine, for development", { https: "required" }, {}, "accepted"),
  decided("refuses plain HTTP once proxies are named", { https: "required", trustedProxies: ["loopback"] }, {}, PLAIN),
  decided("refuses plain HTTP for another host", { https: "required" }, { headers: { host: "hooks.example" } }, PLAIN),
  decided("refuses plain HTTP behind a proxy that betrays itself", { https: "required" }, forwardedFor(CLIENT), PLAIN),
  decided(
    "believes a trusted proxy that the client came by HTTPS",
    { https: "required", trustedProxies: ["loopback"] },
    proto("https"),
    "accepted",
  ),
  decided("believes a proxy on this machine without being told", { https: "required" }, proto("https"), "accepted"),
  decided(
    "believes a trusted proxy that the client came by HTTP",
    { https: "required", trustedProxies: ["loopback"] },
    proto("http"),
    PLAIN,
  ),
  decided("goes by the rightmost protocol", { https: "required", trustedProxies: ["loopback"] }, proto("https, http"), PLAIN),
  decided(
    "goes by the rightmost protocol however many hops are counted",
    { https: "required", trustedProxies: { hops: 2 } },
    proto("http, https"),
    "accepted",
  ),
  decided("believes no protocol to the left of it", { https: "required", trustedProxies: { hops: 2 } }, proto("https, http"), PLAIN),
  decided("does not care for the protocol's case", { https: "required", trustedProxies: ["loopback"] }, proto("HTTPS"), "accepted"),
  decided("does not believe a stranger's protocol", { https: "required", trustedProxies: ["192.0.2.1"] }, proto("https"), PLAIN),
  decided(
    "does not take other words for HTTPS",
    { https: "required", trustedProxies: ["loopback"] },
    { headers: { "x-forwarded-ssl": "on", "front-end-https": "on", "x-forwarded-scheme": "https", "x-url-scheme": "https" } },
    PLAIN,
  ),
  decided(
    "reads the protocol of Forwarded where that is configured",
    { https: "required", trustedProxies: ["loopback"], forwardedHeader: "forwarded" },
    forwarded("for=203.0.113.7;proto=https"),
    "accepted",
  ),
  decided(
    "does not read X-Forwarded-Proto where Forwarded is configured",
    { https: "required", trustedProxies: ["loopback"], forwardedHeader: "forwarded" },
    proto("https"),
    PLAIN,
  ),
  decided("accepts a listed address", { https: "off", allow: LOCAL }, {}, "accepted"),
  decided("refuses an address that is not listed", { https: "off", allow: [CLIENT] }, {}, DENIED),
  decided("refuses everybody by an empty list", { https: "off", allow: [] }, {}, DENIED),
  decided("believes no header about the address until proxies are named", { https: "off", allow: [CLIENT] }, forwardedFor(CLIENT), DENIED),
  decided("believes no header from a stranger", { ...listed, trustedProxies: ["192.0.2.1"] }, forwardedFor(CLIENT), DENIED),
  decided("believes a trusted proxy about the address", listed, forwardedFor(CLIENT), "accepted"),
  decided("does not believe the leftmost address", listed, forwardedFor(`${CLIENT}, 198.51.100.9`), DENIED),
  decided("goes by the rightmost address that is no proxy", listed, forwardedFor(`198.51.100.9, ${CLIENT}`), "accepted"),
  decided(
    "passes over trusted proxies from the right",
    { ...listed, trustedProxies: ["loopback", "private"] },
    forwardedFor(`198.51.100.9, ${CLIENT}, 10.1.2.3, 192.168.0.1`),
    "accepted",
  ),
  decided("takes an IPv4 address inside IPv6 as the same", listed, forwardedFor(`::ffff:${CLIENT}`), "accepted"),
  decided("refuses a hop that is no address", listed, forwardedFor(`${CLIENT}, unknown`), UNKNOWN),
  decided("refuses an empty hop, and does not pass over it", listed, forwardedFor(`${CLIENT},`), UNKNOWN),
  decided("refuses a hop with a zone", { ...listed, allow: ["fe80::/10"] }, forwardedFor("fe80::1%eth0"), UNKNOWN),
  decided("refuses an octal address", listed, forwardedFor("203.0.0113.7"), UNKNOWN),
  decided(
    "does not read other headers about the address",
    listed,
    { headers: { "x-real-ip": CLIENT, "cf-connecting-ip": CLIENT } },
    DENIED,
  ),
  decided(
    "reads all lines of the header in order",
    listed,
    {
      lines: [
        ["X-Forwarded-For", CLIENT],
        ["X-Forwarded-For", "198.51.100.9"],
      ],
    },
    DENIED,
    ["addresses", "sockets"],
  ),
  decided(
    "reads the last of several lines first",
    listed,
    {
      lines: [
        ["X-Forwarded-For", "198.51.100.9"],
        ["X-Forwarded-For", CLIENT],
      ],
    },
    "accepted",
    ["addresses", "sockets"],
  ),
  decided(
    "counts hops from the right",
    { ...listed, trustedProxies: { hops: 2 } },
    forwardedFor(`198.51.100.9, ${CLIENT}, 192.0.2.9`),
    "accepted",
  ),
  decided("refuses fewer hops than are configured", { ...listed, trustedProxies: { hops: 2 } }, forwardedFor(CLIENT), UNKNOWN),
  decided(
    "reads the address of Forwarded where that is configured",
    { ...listed, forwardedHeader: "forwarded" },
    forwarded(`for=198.51.100.9, for="${CLIENT}:4711";proto=https`),
    "accepted",
  ),
  decided("refuses an obfuscated address of Forwarded", { ...listed, forwardedHeader: "forwarded" }, forwarded("for=_hidden"), UNKNOWN),
  decided(
    "reads the one address of a header that a platform sets",
    { ...listed, forwardedHeader: "cf-connecting-ip" },
    { headers: { "cf-connecting-ip": CLIENT } },
    "accepted",
  ),
  {
    name: "does not take a connection that was reset for a Unix socket",
    needs: ["addresses", "sockets"],
    stage: stageOf({ https: "required", allow: [CLIENT], trustedProxies: ["unix"] }),
    async run(session) {
      const headers = { "x-forwarded-proto": "https", "x-forwarded-for": CLIENT };
      // whether the server takes the request before it sees the reset is a race, which it loses sooner or later
      for (let round = 0; round < 5; round++) await session.sendAndReset(await session.sign(sender, { payload }), { headers });
      const response = await session.send(await session.sign(sender, { payload }), { headers });
      await session.expect(response, 403, 0);
    },
  },
  {
    name: "refuses by HTTPS and address before it looks at the signature",
    needs: ["addresses"],
    stage: stageOf({ https: "required", trustedProxies: ["loopback"], allow: [CLIENT] }),
    async run(session) {
      const delivery = await session.sign(sender, { payload });
      const unsigned = { "x-signature": undefined };
      await session.refused(await session.send(delivery, { headers: unsigned }), 403, "HTTPS_REQUIRED");
      const viaProxy = { ...unsigned, "x-forwarded-proto": "https" };
      await session.refused(await session.send(delivery, { headers: viaProxy }), 403, "ADDRESS_NOT_ALLOWED");
      const listedClient = { ...viaProxy, "x-forwarded-for": CLIENT };
      await session.refused(await session.send(delivery, { headers: listedClient }), 401, "HEADER_MISSING");
    },
  },
  {
    name: "closes the connection to a sender that is refused before its body has come",
    needs: ["sockets", "streams", "addresses", "closes"],
    stage: stageOf({ https: "off", allow: [] }),
    async run(session) {
      const delivery = await session.sign(sender, { payload });
      const connection = await session.begin(session.toRequest(delivery, { framing: 1_000_000, headers: { connection: "keep-alive" } }));
      const response = await connection.response;
      await session.refused(response, 403, "ADDRESS_NOT_ALLOWED");
      check(
        response.headers.some(([name, value]) => name === "connection" && value.toLowerCase() === "close"),
        "the reply does not say that the connection closes",
      );
    },
  },
];
