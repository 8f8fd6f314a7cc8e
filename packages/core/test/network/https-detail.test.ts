import { describe, expect, it } from "vitest";
import { toArrival, toPlatformArrival } from "./arrivals.js";
import { open } from "./open-network.js";

type Headers = Readonly<Record<string, string | readonly string[]>>;

const detailOf = (options: object, address: string | undefined, headers: Headers = {}, nodeEnv?: string): string =>
  open(options, nodeEnv).check(toArrival(address, headers))?.detail ?? "passes";
const proto = (...lines: string[]): Headers => ({ "x-forwarded-proto": lines });

describe("trustedDetail", () => {
  it("tells what a trusted proxy said instead", () => {
    expect(detailOf({ trustedProxies: ["private"] }, "10.0.0.1", proto("https, http"))).toBe(
      '10.0.0.1 says "http" in X-Forwarded-Proto; not local development, for trustedProxies is set; the load balancer or proxy itself ' +
        "says http: it needs an HTTPS listener, or to pass on what a proxy before it said, or set " +
        'https: "off"',
    );
    expect(detailOf({ trustedProxies: { hops: 3 } }, "8.8.8.8")).toBe(
      "plain HTTP from 8.8.8.8, and no protocol in X-Forwarded-Proto; not local development, for trustedProxies is set; " +
        'have the proxy send the client\'s protocol in X-Forwarded-Proto, or set https: "off"',
    );
  });

  it("shows what a trusted proxy sent that cannot be read", () => {
    const trusted = { trustedProxies: ["private"] };
    expect(detailOf(trusted, "10.0.0.1", proto('"https"'))).toMatch(
      /^X-Forwarded-Proto from 10.0.0.1 holds ""https"", which is not to be read as http or https; not local/,
    );
    expect(detailOf(trusted, "10.0.0.1", proto("https,"))).toMatch(/holds "", which/);
    const forwarded = { ...trusted, forwardedHeader: "forwarded" };
    expect(detailOf(forwarded, "10.0.0.1", { forwarded: "for=192.0.2.1;proto:https" })).toMatch(
      /^Forwarded from 10.0.0.1 holds "for=192.0.2.1;proto:https", which/,
    );
    expect(detailOf(forwarded, "10.0.0.1", { forwarded: "proto=wss" })).toMatch(/^Forwarded from 10.0.0.1 holds "wss", which/);
  });

  it("names the option where a trusted proxy sends the other header", () => {
    const trusted = { trustedProxies: ["private"] };
    expect(detailOf(trusted, "10.0.0.1", { forwarded: "proto=https" })).toMatch(
      /no protocol in X-Forwarded-Proto; its Forwarded is not read: if the proxy writes that itself, set forwardedHeader: "forwarded"; not/,
    );
    expect(detailOf({ ...trusted, forwardedHeader: "forwarded" }, "10.0.0.1", proto("https"))).toMatch(
      /no protocol in Forwarded; its X-Forwarded-Proto is not read: .* set forwardedHeader: "x-forwarded-for"; not/,
    );
  });

  it("tells what keeps a local delivery from passing", () => {
    const host = { host: "localhost" };
    expect(detailOf({}, "127.0.0.1", host, "production")).toMatch(/not local development, for NODE_ENV is production;/);
    expect(detailOf({}, "127.0.0.1", { host: "example.com" }, "test")).toMatch(/for the Host header does not name this machine;/);
    expect(detailOf({}, "127.0.0.1", { ...host, via: "1.1 proxy" }, "test")).toMatch(/for Via is present;/);
  });

  it("clips what a client sent and removes control characters", () => {
    const options = { trustedProxies: ["198.51.100.1"] };
    expect(detailOf(options, "198.51.100.1", proto(`\r\n\u001b${"h".repeat(9000)}`))).toMatch(/ holds "h{50,64}\.\.\.", which/);
  });
});

describe("strangerDetail", () => {
  it("names the header, the peer that is not trusted, and the option to set", () => {
    expect(detailOf({}, "10.1.2.3", proto("https"))).toBe(
      "`X-Forwarded-Proto: https` came from 10.1.2.3, which is not trusted (without the option, loopback alone is); " +
        'if it is a proxy of yours, add trustedProxies: ["private"]; Express\'s `trust proxy` is not read',
    );
    expect(detailOf({ trustedProxies: ["private"] }, "198.51.100.1", proto("https"))).toBe(
      "`X-Forwarded-Proto: https` came from 198.51.100.1, which is not trusted; " +
        'if it is a proxy of yours, add trustedProxies: ["198.51.100.1"]; Express\'s `trust proxy` is not read',
    );
    expect(detailOf({ forwardedHeader: "forwarded" }, undefined, { forwarded: "proto=https" })).toMatch(
      /^`Forwarded: proto=https` came from a peer without an address \(a Unix socket\), .* speaks over it, add trustedProxies: \["unix"\]$/,
    );
    expect(detailOf({}, "fe80::1%eth0", proto("https"))).toMatch(/came from fe80::1, .* add trustedProxies: \["link-local"\];/);
  });

  it("does not advise to trust who says http, or nothing", () => {
    for (const trustedProxies of [undefined, ["private"]]) {
      const detail = detailOf({ trustedProxies }, "198.51.100.1", proto("http"));
      expect(detail).toMatch(
        /^`X-Forwarded-Proto: http` came from 198.51.100.1, and to trust it would not help; the load balancer or proxy/,
      );
      expect(detail).toMatch(/itself says http: it needs an HTTPS listener, or to pass on what a proxy before it said/);
      expect(detail).not.toContain("trustedProxies");
    }
    expect(detailOf({}, "198.51.100.1")).toBe(
      'plain HTTP from 198.51.100.1, and no protocol in X-Forwarded-Proto; serve HTTPS, or set https: "off"; ' +
        'if it is a proxy of yours, have it send X-Forwarded-Proto and add trustedProxies: ["198.51.100.1"]; Express\'s `trust proxy` is not read',
    );
  });

  it("knows no advice for a peer that is gone or cannot be read", () => {
    expect(detailOf({}, "fe80::1.2%eth0")).toMatch(/address "fe80::1.2%eth0" cannot be read, .*; no option can trust such a peer$/);
    for (const trustedProxies of [undefined, ["unix"], { hops: 1 }])
      expect(detailOf({ trustedProxies }, "", proto("https"))).toMatch(
        /from a peer that is gone \(its connection was reset\), which is not trusted.*; no option can trust such a peer$/,
      );
  });

  it("names what helps where the platform tells no address or no protocol", () => {
    const platform = (address: string | undefined, headers: Headers, protocol?: "http"): string =>
      open({}).check(toPlatformArrival(address, headers, protocol))?.detail ?? "passes";
    const origin = "have `origin` (the third argument of webhook) tell address and protocol";
    const advice = `${origin}, or count the proxies in front: trustedProxies: { hops: n }`;
    expect(platform(undefined, {})).toBe(
      "neither the platform nor X-Forwarded-Proto tells the protocol of a delivery from a peer whose address nobody tells; " +
        `${advice}; or set https: "off"`,
    );
    expect(platform(undefined, proto("https"))).toBe(
      "`X-Forwarded-Proto: https` came from a peer whose address nobody tells, which is not trusted (without the option, " +
        `loopback alone is); ${advice}`,
    );
    expect(platform(undefined, {}, "http")).toContain(`plain HTTP from a peer whose address nobody tells, and`);
    expect(platform("203.0.113.7", {})).toContain(advice);
    expect(platform("203.0.113.7", proto("http"), "http")).toMatch(
      /the load balancer or proxy itself says http: it needs an HTTPS listener/,
    );
    expect(platform("203.0.113.7", proto("https"), "http")).toMatch(/add trustedProxies: \["203.0.113.7"\]$/);
    expect(platform("203.0.113.7", {}, "http")).toMatch(/and add trustedProxies: \["203.0.113.7"\]$/);
  });
});
