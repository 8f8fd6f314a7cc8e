import { describe, expect, it } from "vitest";
import { mac, openAcme } from "../acme-verifier.js";
import { WORDS, type Words } from "./acme.js";

const GET = { methods: ["POST", "GET"] };
const token = { algorithm: "token", signature: undefined, content: undefined, token: { from: "header:x-sig" } };

describe("a GET without a body", () => {
  const eventOf = async (words: Words, target: string, content: string, body = "", method = "GET") => {
    const opened = openAcme(
      { ...GET, ...words },
      {},
      { secret: "s3cret", ...(content.includes("://") && { publicUrl: "https://a.example" }) },
    );
    const event = await opened.verify({ "x-sig": words === token ? "s3cret" : mac(content) }, body, target, method);
    if (typeof event === "string") throw new Error(event);
    return event;
  };

  it("has its signed query for a payload, as a form would be", async () => {
    const target = "/hook?a=1&b=%C3%A9+x&a=2";
    const words = { content: "{url}{params}", id: "query:b" };
    const { payload, id, signed } = await eventOf(words, target, `https://a.example${target}`);
    expect([payload, id]).toEqual([{ a: ["1", "2"], b: "é x" }, "é x"]);
    expect(signed).toMatchObject({ payload: true, url: true, id: true });
  });

  it("has no payload where its query is not signed, and event.signed says so of the payload", async () => {
    const { payload, signed } = await eventOf({}, "/hook?a=1", "");
    expect([payload, signed.payload]).toEqual([undefined, true]);
  });

  it("has its query for a payload where nothing is signed at all", async () => {
    const { payload, signed } = await eventOf(token, "/hook?a=1", "");
    expect([payload, signed.payload]).toEqual([{ a: "1" }, false]);
  });

  it("has none without a query, with a body, and by another method", async () => {
    const words = { content: "{url}{body}" };
    expect((await eventOf(words, "/hook", "https://a.example/hook")).payload).toBeUndefined();
    expect((await eventOf(words, "/hook?a=1", 'https://a.example/hook?a=1{"b":2}', '{"b":2}')).payload).toEqual({ b: 2 });
    expect((await eventOf(words, "/hook?a=1", "https://a.example/hook?a=1", "", "POST")).payload).toBeUndefined();
  });
});

describe("a body under a content type that nobody signs", () => {
  const payloadOf = async (words: Words, type: string, body: string) => {
    const event = await openAcme(words).verify({ "x-sig": mac(body), "content-type": type }, body);
    return typeof event === "string" ? event : event.payload;
  };
  const FORM = "application/x-www-form-urlencoded";

  it("is bytes, though the payload may come in a form", async () => {
    const words = { payload: "form:payload", id: "header:x-id" };
    for (const body of ["<a>100%</a>", "Hello, World!"])
      expect(await payloadOf(words, "text/plain", body)).toEqual(new TextEncoder().encode(body));
    expect(await payloadOf(words, FORM, `payload=${encodeURIComponent('{"a":1}')}`)).toEqual({ a: 1 });
    expect(await payloadOf(words, "text/plain", '{"a":1}')).toEqual({ a: 1 });
    expect(await payloadOf({ handshake: [{ when: { "form:ping": true }, unsigned: true, reply: {} }] }, "text/plain", "a=1")).toEqual(
      new TextEncoder().encode("a=1"),
    );
  });

  it.each<[string, Words]>([
    ["the event's name", { type: "form:event" }],
    ["its id, in JSON that may come in a form", { payload: "form:payload", id: "json:id" }],
    ["a signed handshake", { handshake: [{ when: { "form:ping": true }, reply: {} }] }],
    ["a condition", { require: { "form:event": "x" } }],
  ])("is a form where %s may stand in one", async (_, words) => {
    const body = `event=x&payload=${encodeURIComponent('{"id":"1"}')}`;
    expect(await payloadOf(words, "text/plain", body)).toEqual(await payloadOf(words, FORM, body));
    expect(await payloadOf(words, "text/plain", "100%")).toBe("PAYLOAD_MALFORMED");
  });
});

describe("the tenant of an event", () => {
  it("is the resolver's, and else the one that the delivery names", async () => {
    const secret = async ({ headers }: { headers: Headers }) => ({ tenant: headers.get("x-tenant"), secrets: "s3cret" });
    const { verify } = openAcme({ tenant: "json:account" }, {}, { secret });
    const body = '{"account":"named"}';
    expect(await verify({ "x-sig": mac(body), "x-tenant": "resolved" }, body)).toMatchObject({ tenant: "resolved" });
    expect(await verify({ "x-sig": mac(body) }, body)).toMatchObject({ tenant: "named" });
    expect(await verify({ "x-sig": mac("{}") }, "{}")).toMatchObject({ tenant: undefined });
  });
});

describe("step 5", () => {
  const tooLong = { "content-length": "99999999" };
  const unsigned = { id: "header:x-id", timestamp: { from: "header:x-ts", unit: "s", tolerance: "unchecked" } };

  it.each(["x-id", "x-ts"])("looks at %s also where nobody signs it", async (name) => {
    const { receive } = openAcme(unsigned);
    const codeOf = async (...lines: [string, string][]) => {
      const verdict = await receive({ headers: [["x-sig", mac("other")], ...Object.entries(tooLong), ...lines] });
      return verdict.outcome === "rejected" ? verdict.code : verdict.outcome;
    };
    expect(await codeOf([name, "1"], [name, "2"])).toBe("HEADER_DUPLICATED");
    expect(await codeOf([name, "1".repeat(9000)])).toBe("HEADER_MALFORMED");
    expect(await codeOf([name, "1"])).toBe("BODY_TOO_LARGE");
    expect(await codeOf()).toBe("BODY_TOO_LARGE");
  });

  it("names the header that has not come, the first scheme's where there are several", async () => {
    const { algorithm, secret, signature, content } = WORDS;
    const none = { algorithm: undefined, secret: undefined, signature: undefined, content: undefined };
    const other = { algorithm, secret, content, signature: { ...signature, from: "header:x-other" } };
    const { receive, records } = openAcme({ ...none, schemes: [{ scheme: { algorithm, secret, content, signature } }, { scheme: other }] });
    await receive({ headers: [] });
    expect(records.at(-1)).toMatchObject({ code: "HEADER_MISSING", detail: "header:x-sig is not there" });
  });

  it("waits for the body only where an unsigned handshake may stand there", async () => {
    const handshake = [
      { when: { method: "GET", "json:hi": true }, unsigned: true, reply: { text: "ok" } },
      {
        when: { method: "POST", body: "json", "header:x-sig": false, "json:hello": true },
        unsigned: true,
        reply: { text: "{json:hello}" },
      },
    ];
    const { receive } = openAcme({ handshake });
    const codeOf = async (headers: [string, string][], text = "{}") => {
      const verdict = await receive({ headers, body: new TextEncoder().encode(text) });
      return verdict.outcome === "rejected" ? verdict.code : verdict.outcome;
    };
    expect(await codeOf([], '{"hello":"you"}')).toBe("handshake");
    expect(await codeOf([], "{}")).toBe("HEADER_MISSING");
    expect(await codeOf([["content-type", "application/json"]], "{")).toBe("HEADER_MISSING");
    expect(await codeOf([["content-type", "application/json"]], "[".repeat(200))).toBe("HEADER_MISSING");
    expect(await codeOf([["x-sig", "zz"], ...Object.entries(tooLong)])).toBe("HEADER_MALFORMED");
    expect(await codeOf([["x-sig", "aa"], ["x-sig", "bb"], ...Object.entries(tooLong)])).toBe("HEADER_DUPLICATED");
  });

  it("refuses a handshake of which a part comes twice", async () => {
    const { receive } = openAcme({ handshake: [{ when: { "query:hello": "you" }, unsigned: true, reply: { text: "ok" } }] });
    expect(await receive({ url: "/?hello=you" })).toMatchObject({ outcome: "handshake" });
    expect(await receive({ url: "/?hello=you&hello=you" })).toMatchObject({ outcome: "rejected", code: "HEADER_DUPLICATED" });
  });
});
