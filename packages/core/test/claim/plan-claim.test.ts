import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Claim } from "../../src/claim/store.js";
import type { VerifierOptions } from "../../src/options.js";
import type { Verdict } from "../../src/verdict.js";
import { deliver, mac, openAcme, TIME } from "../acme-verifier.js";
import type { Words } from "../provider/acme.js";
import { recordingStore } from "./recording-store.js";

interface Sent {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly url?: string;
  /** What is signed; the body, unless said otherwise. */
  readonly content?: string;
  readonly secret?: string;
}

function open(words: Words, options: Partial<VerifierOptions> = {}, config?: object) {
  const store = recordingStore();
  const acme = openAcme(words, { store, ...options }, config);
  /** Sends a delivery, whose handler succeeds; answers what was decided and claimed. */
  const send = async ({ body = '{"a":1}', headers = {}, url = "/", content = body, secret }: Sent = {}) => {
    const before = store.claims.length;
    const verdict = await acme.verifier.receive(deliver({ text: body, url, headers: { "x-sig": mac(content, secret), ...headers } }));
    if (verdict.outcome === "accepted") await verdict.claim.commit();
    return { verdict, said: say(verdict), claim: store.claims[before] };
  };
  return { send, store, records: acme.records };
}

const say = (verdict: Verdict): string => {
  if (verdict.outcome === "accepted") return `accepted, repeats ${verdict.event.repeats}`;
  if (verdict.outcome === "duplicate") return `${verdict.kind}, ${verdict.reply.status}`;
  return verdict.outcome === "rejected" ? verdict.code : verdict.outcome;
};
const saidOf = async (send: (sent?: Sent) => Promise<{ readonly said: string }>, ...sent: Sent[]): Promise<string[]> => {
  const said: string[] = [];
  for (const one of sent) said.push((await send(one)).said);
  return said;
};
const unsigned = { id: "header:x-id" };
const stampedWords = { content: "{timestamp}.{body}", timestamp: { from: "header:x-ts", unit: "s", tolerance: 300 } };
const stamped = (at: number, headers: Record<string, string> = {}, body = '{"a":1}'): Sent => {
  const time = String(Number(TIME) + at);
  return { body, content: `${time}.${body}`, headers: { "x-ts": time, ...headers } };
};

describe("a signed id", () => {
  const words = { ...stampedWords, id: "json:id", type: "json:type" };
  it("is the key by itself, and leaves no mark", async () => {
    const { send } = open(words);
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
    const { send, store } = open(words);
    expect(await saidOf(send, stamped(0, {}, "{}"), stamped(0, {}, "{}"))).toEqual(["accepted, repeats false", "accepted, repeats false"]);
    expect(store.claims).toEqual([]);
  });

  it("is no number that JSON has rounded", async () => {
    const { send, store } = open(words);
    await send(stamped(0, {}, '{"id":9007199254740993}'));
    expect(store.claims).toEqual([]);
    await send(stamped(0, {}, '{"id":9007199254740991}'));
    expect(store.claims).toHaveLength(1);
  });
});

describe("unique content without a signed id", () => {
  it("is the body by itself, however often it is signed anew", async () => {
    for (const id of [{}, unsigned]) {
      const { send, store } = open({ ...stampedWords, ...id, unique: "body" });
      expect(await saidOf(send, stamped(0, { "x-id": "1" }), stamped(9, { "x-id": "2" }), stamped(9, {}, '{"a":2}'))).toEqual([
        "accepted, repeats false",
        "redelivery, 200",
        "accepted, repeats false",
      ]);
      expect(store.claims.map(({ mark }) => mark)).toEqual([undefined, undefined, undefined]);
    }
  });

  it("is body and target where the URL is signed", async () => {
    const { send } = open({ content: "{url}{body}", unique: "body" }, {}, { secret: "s3cret", publicUrl: "https://a.example" });
    const at = (url: string): Sent => ({ url, content: `https://a.example${url}{"a":1}` });
    expect(await saidOf(send, at("/?a=1"), at("/?a=2"), at("/?a=1"))).toEqual([
      "accepted, repeats false",
      "accepted, repeats false",
      "exact, 200",
    ]);
  });

  it("is timestamp and body where retries are not known to be signed anew", async () => {
    const { send, store } = open({ ...stampedWords, ...unsigned, unique: "stamped" });
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
    const { send, store, records } = open({ ...stampedWords, ...unsigned, unique: "stamped", signedAnew: true });
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
    const { send, store } = open(unsigned);
    const said = await saidOf(send, { headers: { "x-id": "1" } }, { headers: { "x-id": "1" } }, { headers: { "x-id": "2" } });
    expect(said).toEqual(["accepted, repeats false", "exact, 200", "accepted, repeats done"]);
    expect(store.kept.map(({ repeat }) => repeat)).toEqual([false, true]);
    expect(store.kept.map(({ key }) => key)).toEqual([604_800_000, 259_200_000]);
  });

  it("of a coming event is not swallowed by a captured body", async () => {
    const { send } = open(unsigned);
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
    const { send } = open(unsigned, { repeats: "refuse" });
    expect(await saidOf(send, { headers: { "x-id": "1" } }, { headers: { "x-id": "2" } })).toEqual([
      "accepted, repeats false",
      "exact, 200",
    ]);
  });
});

describe("no id", () => {
  it("where the scheme has one: a captured delivery whose id was taken away gets 503", async () => {
    const { send } = open({ ...stampedWords, ...unsigned, unique: "stamped", signedAnew: true });
    expect(await saidOf(send, stamped(0, { "x-id": "1" }), stamped(0), stamped(1))).toEqual([
      "accepted, repeats false",
      "replayed, 503",
      "accepted, repeats false",
    ]);
  });

  it("and a unique body that says no time: the body", async () => {
    const { send } = open({ unique: "body", timestamp: { from: "json:at", unit: "s", tolerance: "unchecked" } });
    expect(await saidOf(send, {}, {}, { body: "{}" })).toEqual(["accepted, repeats false", "exact, 200", "accepted, repeats false"]);
  });

  it("with content that its timestamp makes unique: the content", async () => {
    const { send } = open({ ...stampedWords, unique: "stamped", signedAnew: true });
    expect(await saidOf(send, stamped(0), stamped(0), stamped(1))).toEqual([
      "accepted, repeats false",
      "exact, 200",
      "accepted, repeats false",
    ]);
  });

  it("with content that may recur is not deduplicated, and said so; refused under refuse", async () => {
    const { send, store, records } = open({});
    expect(await saidOf(send, {}, {})).toEqual(["accepted, repeats false", "accepted, repeats false"]);
    expect(store.calls).toEqual([]);
    expect(records).toContainEqual(expect.objectContaining({ kind: "notice", code: "NOT_DEDUPLICATED" }));
    const refusing = open({}, { repeats: "refuse" });
    expect(await saidOf(refusing.send, {}, {}, { body: "{}" })).toEqual([
      "accepted, repeats false",
      "exact, 200",
      "accepted, repeats false",
    ]);
    expect(refusing.records.some(({ code }) => code === "NOT_DEDUPLICATED")).toBe(false);
  });

  it("of a token is its exact body", async () => {
    const words = { algorithm: "token", signature: undefined, content: undefined, token: { from: "header:x-token" }, ...unsigned };
    const { send } = open(words);
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
    const { send } = open(words, { repeats: "refuse" });
    const to = (token: string): Sent => ({ headers: { "x-token": token } });
    expect(await saidOf(send, to("a.b.c"), to("a.b.d"), to("a.c.c"))).toEqual([
      "accepted, repeats false",
      "exact, 200",
      "accepted, repeats false",
    ]);
  });
});

describe("what is unsigned and decides", () => {
  it("joins the key: a captured event sent with another type swallows no honest one, and leaves a mark", async () => {
    const { send, store } = open({ id: "json:id", type: "header:x-type" });
    const to = (type: string): Sent => ({ body: '{"id":"1"}', headers: { "x-type": type } });
    expect(await saidOf(send, to("created"), to("deleted"), to("created"))).toEqual([
      "accepted, repeats false",
      "accepted, repeats done",
      "exact, 200",
    ]);
    expect(new Set(store.claims.map(({ mark }) => mark)).size).toBe(1);
    expect(store.claims[0]?.partition).toBe(store.claims[0]?.mark);
  });

  it("is the tenant too, where the delivery names it and nobody signs it", async () => {
    const { send } = open({ id: "json:id", tenant: "header:x-shop" });
    const to = (shop: string): Sent => ({ body: '{"id":"1"}', headers: { "x-shop": shop } });
    expect(await saidOf(send, to("a"), to("b"), to("a"))).toEqual(["accepted, repeats false", "accepted, repeats done", "exact, 200"]);
    const signed = open({ id: "json:id", tenant: "json:shop" });
    expect(await saidOf(signed.send, { body: '{"id":"1","shop":"a"}' }, { body: '{"id":"1","shop":"b"}' })).toEqual([
      "accepted, repeats false",
      "exact, 200",
    ]);
  });

  it("is the tenant whose secret fits: ids of two tenants are two", async () => {
    const secret = async ({ headers }: { headers: Headers }) => ({ tenant: headers.get("x-tenant"), secrets: "s3cret" });
    const { send } = open({ id: "json:id" }, {}, { secret });
    const to = (tenant: string): Sent => ({ body: '{"id":"1"}', headers: { "x-tenant": tenant } });
    expect(await saidOf(send, to("a"), to("b"), to("a"))).toEqual(["accepted, repeats false", "accepted, repeats false", "exact, 200"]);
  });
});

describe("keys", () => {
  it("never depend on the signature's text, nor on which secret fits", async () => {
    for (const words of [{ id: "json:a" }, unsigned, { unique: "body" }]) {
      const { send, store } = open(words, {}, { secret: ["s3cret", "older"] });
      const id = { "x-id": "1" };
      await send({ headers: id });
      const upper = await send({ headers: { ...id, "x-sig": mac('{"a":1}').toUpperCase() } });
      const older = await send({ headers: id, secret: "older" });
      expect([upper.said, older.said]).toEqual(["exact, 200", "exact, 200"]);
      expect(new Set(store.claims.map(({ key, mark, tag }) => `${key} ${mark} ${tag}`)).size).toBe(1);
    }
  });

  it("are digests, with nothing of the delivery in them", async () => {
    const { send, store } = open({ ...unsigned, type: "header:x-type" });
    await send({ headers: { "x-id": "identity", "x-type": "kind" } });
    const [{ key, mark, partition, token }] = store.claims as [Claim];
    for (const text of [key, mark, partition]) expect(text).toMatch(/^[\w-]{43}$/);
    expect(token).toMatch(/^[\w-]+\.1$/);
  });

  it("are others for another endpoint", async () => {
    const store = recordingStore();
    for (const endpoint of ["a", "b"]) await openAcme({ id: "json:id" }, { store, endpoint }).verifier.receive(deliver());
    expect(store.claims[0]?.key).not.toBe(store.claims[1]?.key);
  });

  it("differ wherever type, tenant or id differ, whatever they hold", async () => {
    const { send } = open({ id: "json:id", type: "header:x-type", tenant: "header:x-shop" });
    const letters = fc.constantFrom("", "a", "1:a", "-", "0:", "j", "2:id", "1:", "\\", "aa");
    const facts = fc.tuple(letters, letters, letters, fc.constantFrom("\ud800", "\udc00", "\ufffd", "\ud83d\ude00", '"\\ud800"', "b"));
    const keyOf = async ([type, shop, start, end]: readonly [string, string, string, string]) =>
      (await send({ body: JSON.stringify({ id: start + end }), headers: { "x-type": type, "x-shop": shop } })).claim?.key;
    await fc.assert(
      fc.asyncProperty(facts, facts, async (one, other) => {
        const areEqual = one[0] === other[0] && one[1] === other[1] && one[2] + one[3] === other[2] + other[3];
        expect((await keyOf(one)) === (await keyOf(other))).toBe(areEqual);
      }),
      { numRuns: 300 },
    );
  });

  it("are protected for as long as a replay would pass the timestamp", async () => {
    const { send, store } = open({ ...stampedWords, unique: "body" }, { tolerance: { past: 100, future: 40 } });
    await send(stamped(0));
    expect(store.kept).toEqual([{ key: 604_800_000, mark: 604_800_000, protect: 200_000, repeat: false }]);
    const bare = open({ id: "json:a" });
    await bare.send();
    expect(bare.store.kept[0]?.protect).toBe(0);
  });
});
