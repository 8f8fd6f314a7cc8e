import { describe, expect, it } from "vitest";
import { deliver, mac, openAcme } from "../acme-verifier.js";
import { openClaims, type Sent, saidOf, say, stamped, stampedWords, unsigned } from "./open-claims.js";

describe("a signed id", () => {
  const words = { ...stampedWords, id: "json:id", type: "json:type" };
  it("is the key by itself, and leaves no mark", async () => {
    const { send } = openClaims(words);
    const one = await send(stamped(0, {}, '{"id":"1"}'));
    const again = await send(stamped(0, {}, '{"id":"1"}'));
    const anew = await send(stamped(5, {}, '{"id":"1","attempt":2}'));
    const other = await send(stamped(5, {}, '{"id":"2"}'));
    expect([one, again, anew, other].map(({ said }) => said)).toEqual([
      "accepted, repeats false",
      "exact, 200",
      "redelivery, 200",
      "accepted, repeats false",
    ]);
    expect(one.claim?.mark).toBeUndefined();
    expect(one.claim?.partition).toBe(one.claim?.key);
    expect(anew.claim?.key).toBe(one.claim?.key);
    expect(other.claim?.key).not.toBe(one.claim?.key);
  });

  it("that is not there leaves the row without an id", async () => {
    const { send, store } = openClaims(words);
    expect(await saidOf(send, stamped(0, {}, "{}"), stamped(0, {}, "{}"))).toEqual(["accepted, repeats false", "accepted, repeats false"]);
    expect(store.claims).toEqual([]);
  });

  it("is no number that JSON has rounded", async () => {
    const { send, store } = openClaims(words);
    await send(stamped(0, {}, '{"id":9007199254740993}'));
    expect(store.claims).toEqual([]);
    await send(stamped(0, {}, '{"id":9007199254740991}'));
    expect(store.claims).toHaveLength(1);
  });
});

describe("unique content without a signed id", () => {
  it("is the body by itself, however often it is signed anew", async () => {
    for (const id of [{}, unsigned]) {
      const { send, store } = openClaims({ ...stampedWords, ...id, unique: "body" });
      expect(await saidOf(send, stamped(0, { "x-id": "1" }), stamped(9, { "x-id": "2" }), stamped(9, {}, '{"a":2}'))).toEqual([
        "accepted, repeats false",
        "redelivery, 200",
        "accepted, repeats false",
      ]);
      expect(store.claims.map(({ mark }) => mark)).toEqual([undefined, undefined, undefined]);
    }
  });

  it("is body and target where the URL is signed", async () => {
    const { send } = openClaims({ content: "{url}{body}", unique: "body" }, {}, { secret: "s3cret", publicUrl: "https://a.example" });
    const at = (url: string): Sent => ({ url, content: `https://a.example${url}{"a":1}` });
    expect(await saidOf(send, at("/?a=1"), at("/?a=2"), at("/?a=1"))).toEqual([
      "accepted, repeats false",
      "accepted, repeats false",
      "exact, 200",
    ]);
  });

  it("is timestamp and body where retries are not known to be signed anew", async () => {
    const { send, store } = openClaims({ ...stampedWords, ...unsigned, unique: "stamped" });
    expect(await saidOf(send, stamped(0, { "x-id": "1" }), stamped(0, { "x-id": "2" }), stamped(1, { "x-id": "1" }))).toEqual([
      "accepted, repeats false",
      "exact, 200",
      "accepted, repeats false",
    ]);
    expect(store.claims.every(({ mark }) => mark === undefined)).toBe(true);
  });
});

describe("an unsigned id", () => {
  it("with content that only its timestamp makes unique: a captured delivery gets 503, an honest retry passes", async () => {
    const { send, store, records } = openClaims({ ...stampedWords, ...unsigned, unique: "stamped", signedAnew: true });
    const first = stamped(0, { "x-id": "1" });
    expect(await saidOf(send, first, first, stamped(5, { "x-id": "1" }))).toEqual([
      "accepted, repeats false",
      "exact, 200",
      "redelivery, 200",
    ]);
    const captured = await send(stamped(0, { "x-id": "2" }));
    expect(captured.said).toBe("replayed, 503");
    expect(store.calls.at(-1)).toBe("release");
    expect(records.at(-1)).toMatchObject({ outcome: "duplicate", duplicate: "replayed", code: "REPLAYED", status: 503 });
    expect((await send(stamped(7, { "x-id": "2" }))).said).toBe("accepted, repeats false");
  });

  it("with content that may recur: accepted again under another id, and said so", async () => {
    const { send, store } = openClaims(unsigned);
    const said = await saidOf(send, { headers: { "x-id": "1" } }, { headers: { "x-id": "1" } }, { headers: { "x-id": "2" } });
    expect(said).toEqual(["accepted, repeats false", "exact, 200", "accepted, repeats done"]);
    expect(store.kept.map(({ repeat }) => repeat)).toEqual([false, true]);
    expect(store.kept.map(({ key }) => key)).toEqual([604_800_000, 259_200_000]);
  });

  it("of a coming event is not swallowed by a captured body", async () => {
    const { send } = openClaims(unsigned);
    const captured = { body: '{"old":1}', headers: { "x-id": "coming" } };
    const honest = { body: '{"new":1}', headers: { "x-id": "coming" } };
    expect(await saidOf(send, captured, honest, honest)).toEqual(["accepted, repeats false", "accepted, repeats false", "exact, 200"]);
  });

  it("tells that the first run of the same content goes on", async () => {
    const { verifier } = openAcme(unsigned);
    const to = (id: string) => verifier.receive(deliver({ text: "x", headers: { "x-sig": mac("x"), "x-id": id } }));
    const [first, second, third] = [await to("1"), await to("2"), await to("1")];
    expect([first, second, third].map(say)).toEqual(["accepted, repeats false", "accepted, repeats running", "running, 503"]);
    for (const verdict of [first, second]) if (verdict.outcome === "accepted") await verdict.claim.release();
  });

  it("under refuse does not matter", async () => {
    const { send } = openClaims(unsigned, { repeats: "refuse" });
    expect(await saidOf(send, { headers: { "x-id": "1" } }, { headers: { "x-id": "2" } })).toEqual([
      "accepted, repeats false",
      "exact, 200",
    ]);
  });
});

describe("no id", () => {
  it("where the scheme has one: a captured delivery whose id was taken away gets 503", async () => {
    const { send } = openClaims({ ...stampedWords, ...unsigned, unique: "stamped", signedAnew: true });
    expect(await saidOf(send, stamped(0, { "x-id": "1" }), stamped(0), stamped(1))).toEqual([
      "accepted, repeats false",
      "replayed, 503",
      "accepted, repeats false",
    ]);
  });

  it("and a unique body that says no time: the body", async () => {
    const { send } = openClaims({ unique: "body", timestamp: { from: "json:at", unit: "s", tolerance: "unchecked" } });
    expect(await saidOf(send, {}, {}, { body: "{}" })).toEqual(["accepted, repeats false", "exact, 200", "accepted, repeats false"]);
  });

  it("with content that its timestamp makes unique: the content", async () => {
    const { send } = openClaims({ ...stampedWords, unique: "stamped", signedAnew: true });
    expect(await saidOf(send, stamped(0), stamped(0), stamped(1))).toEqual([
      "accepted, repeats false",
      "exact, 200",
      "accepted, repeats false",
    ]);
  });

  it("with content that may recur is not deduplicated, and said so; refused under refuse", async () => {
    const { send, store, records } = openClaims({});
    expect(await saidOf(send, {}, {})).toEqual(["accepted, repeats false", "accepted, repeats false"]);
    expect(store.calls).toEqual([]);
    expect(records).toContainEqual(expect.objectContaining({ kind: "notice", code: "NOT_DEDUPLICATED" }));
    const refusing = openClaims({}, { repeats: "refuse" });
    expect(await saidOf(refusing.send, {}, {}, { body: "{}" })).toEqual([
      "accepted, repeats false",
      "exact, 200",
      "accepted, repeats false",
    ]);
    expect(refusing.records.some(({ code }) => code === "NOT_DEDUPLICATED")).toBe(false);
  });

  it("of a token is its exact body", async () => {
    const words = { algorithm: "token", signature: undefined, content: undefined, token: { from: "header:x-token" }, ...unsigned };
    const { send } = openClaims(words);
    const to = (id: string, body: string): Sent => ({ body, headers: { "x-token": "s3cret", "x-id": id } });
    expect(await saidOf(send, to("1", "a"), to("2", "a"), to("1", "b"), to("1", "a"))).toEqual([
      "accepted, repeats false",
      "accepted, repeats done",
      "accepted, repeats false",
      "exact, 200",
    ]);
  });

  it("of a JWT is what stands before its signature", async () => {
    const mechanism = { mechanism: "jwt", verify: () => ({ key: 0, claims: {} }) };
    const words = { algorithm: "jwt-hs256", signature: undefined, content: undefined, token: { from: "header:x-token" }, mechanism };
    const { send } = openClaims(words, { repeats: "refuse" });
    const to = (token: string): Sent => ({ headers: { "x-token": token } });
    expect(await saidOf(send, to("a.b.c"), to("a.b.d"), to("a.c.c"))).toEqual([
      "accepted, repeats false",
      "exact, 200",
      "accepted, repeats false",
    ]);
  });
});
