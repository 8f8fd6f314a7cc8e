import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Claim } from "../../src/claim/store.js";
import { deliver, mac, openAcme } from "../acme-verifier.js";
import type { Words } from "../provider/acme.js";
import { openClaims, type Sent, saidOf, stamped, stampedWords, unsigned } from "./open-claims.js";
import { recordingStore } from "./recording-store.js";

describe("what is unsigned and decides", () => {
  it("joins the key: a captured event sent with another type swallows no honest one, and leaves a mark", async () => {
    const { send, store } = openClaims({ id: "json:id", type: "header:x-type" });
    const to = (type: string): Sent => ({ body: '{"id":"1"}', headers: { "x-type": type } });
    expect(await saidOf(send, to("created"), to("deleted"), to("created"))).toEqual([
      "accepted, repeats false",
      "accepted, repeats done",
      "exact, 200",
    ]);
    expect(new Set(store.claims.map(({ mark }) => mark)).size).toBe(1);
    expect(store.claims[0]?.partition).toBe(store.claims[0]?.mark);
  });

  it("leaves a mark that a delivery without it meets too, and the other way round", async () => {
    for (const words of [{ type: "header:x-type" }, { tenant: "header:x-type" }]) {
      const { send } = openClaims({ id: "json:id", ...words });
      const bare: Sent = { body: '{"id":"1"}' };
      const named: Sent = { ...bare, headers: { "x-type": "created" } };
      expect(await saidOf(send, named, bare, bare)).toEqual(["accepted, repeats false", "accepted, repeats done", "exact, 200"]);
      const other = openClaims({ id: "json:id", ...words });
      expect(await saidOf(other.send, bare, named, named)).toEqual(["accepted, repeats false", "accepted, repeats done", "exact, 200"]);
    }
  });

  it("is the tenant too, where the delivery names it and nobody signs it", async () => {
    const { send } = openClaims({ id: "json:id", tenant: "header:x-shop" });
    const to = (shop: string): Sent => ({ body: '{"id":"1"}', headers: { "x-shop": shop } });
    expect(await saidOf(send, to("a"), to("b"), to("a"))).toEqual(["accepted, repeats false", "accepted, repeats done", "exact, 200"]);
    const signed = openClaims({ id: "json:id", tenant: "json:shop" });
    expect(await saidOf(signed.send, { body: '{"id":"1","shop":"a"}' }, { body: '{"id":"1","shop":"b"}' })).toEqual([
      "accepted, repeats false",
      "exact, 200",
    ]);
  });

  it("is how a body is read, where an unsigned id names it: under another content type it swallows no honest one", async () => {
    const { send } = openClaims(unsigned);
    const to = (type: string): Sent => ({ headers: { "x-id": "1", "content-type": type } });
    expect(await saidOf(send, to("text/plain"), to("application/json"), to("application/json"))).toEqual([
      "accepted, repeats false",
      "accepted, repeats done",
      "exact, 200",
    ]);
    const anew = openClaims({ ...stampedWords, ...unsigned, unique: "stamped", signedAnew: true });
    const at = (time: number, type: string): Sent => stamped(time, { "x-id": "1", "content-type": type });
    expect(await saidOf(anew.send, at(0, "text/plain"), at(0, "application/json"), at(1, "application/json"))).toEqual([
      "accepted, repeats false",
      "replayed, 503",
      "accepted, repeats false",
    ]);
  });

  it("is the method where there is no body, by which a query is a payload or none", async () => {
    const words = { ...unsigned, content: "{url}{body}", methods: ["POST", "GET"] };
    const { verifier } = openAcme(words, {}, { secret: "s3cret", publicUrl: "https://a.example" });
    const to = (method: string, text: string) => {
      const headers = { "x-sig": mac(`https://a.example/?a=1${text}`), "x-id": "1" };
      return verifier.receive(deliver({ method, url: "/?a=1", headers, text }));
    };
    expect(await to("POST", "")).toMatchObject({ outcome: "accepted", event: { payload: undefined } });
    expect(await to("GET", "")).toMatchObject({ outcome: "accepted", event: { payload: { a: "1" }, repeats: "running" } });
    expect(await to("POST", "{}")).toMatchObject({ outcome: "accepted", event: { payload: {} } });
    expect(await to("GET", "{}")).toMatchObject({ outcome: "duplicate", kind: "running" });
  });

  it("is the tenant whose secret fits: ids of two tenants are two", async () => {
    const secret = async ({ headers }: { headers: Headers }) => ({ tenant: headers.get("x-tenant"), secrets: "s3cret" });
    const { send } = openClaims({ id: "json:id" }, {}, { secret });
    const to = (tenant: string): Sent => ({ body: '{"id":"1"}', headers: { "x-tenant": tenant } });
    expect(await saidOf(send, to("a"), to("b"), to("a"))).toEqual(["accepted, repeats false", "accepted, repeats false", "exact, 200"]);
  });
});

describe("keys", () => {
  it("never depend on the signature's text, nor on which secret fits", async () => {
    for (const words of [{ id: "json:a" }, unsigned, { unique: "body" }]) {
      const { send, store } = openClaims(words, {}, { secret: ["s3cret", "older"] });
      const id = { "x-id": "1" };
      await send({ headers: id });
      const upper = await send({ headers: { ...id, "x-sig": mac('{"a":1}').toUpperCase() } });
      const older = await send({ headers: id, secret: "older" });
      expect([upper.said, older.said]).toEqual(["exact, 200", "exact, 200"]);
      expect(new Set(store.claims.map(({ key, mark, tag }) => `${key} ${mark} ${tag}`)).size).toBe(1);
    }
  });

  it("are digests, with nothing of the delivery in them", async () => {
    const { send, store } = openClaims({ ...unsigned, type: "header:x-type" });
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
    const { send } = openClaims({ id: "json:id", type: "header:x-type", tenant: "header:x-shop" });
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
    const { send, store } = openClaims({ ...stampedWords, unique: "body" }, { tolerance: { past: 100, future: 40 } });
    await send(stamped(0));
    expect(store.kept).toEqual([{ key: 604_800_000, mark: 604_800_000, protect: 200_000, repeat: false }]);
    const bare = openClaims({ id: "json:a" });
    await bare.send();
    expect(bare.store.kept[0]?.protect).toBe(0);
  });
});

describe("partitions", () => {
  const stampedAnew = { ...stampedWords, ...unsigned, signedAnew: true };
  const rows: Readonly<Record<string, Words & { readonly content?: string }>> = {
    "a signed id": { id: "json:a" },
    "a signed id under an unsigned type": { id: "json:a", type: "header:x-type" },
    "a unique body": { ...unsigned, unique: "body", type: "header:x-type" },
    "an unsigned id beside a body that may recur": { ...unsigned, type: "header:x-type" },
    "an unsigned id beside stamped content": { ...stampedAnew, unique: "stamped" },
    "an unsigned id beside stamped content that may recur": { ...stampedAnew, type: "header:x-type" },
    "stamped content without its body": { ...stampedAnew, unique: "stamped", content: "{timestamp}.{header:x-nonce}" },
  };

  it.each(Object.entries(rows))("are equal where keys or marks are: %s", async (_, words) => {
    const { send, store } = openClaims(words);
    const isStamped = "content" in words;
    for (const body of ['{"a":1}', '{"a":2}'])
      for (const id of ["1", "2", undefined])
        for (const type of ["x", "y"])
          for (const at of isStamped ? [0, 1] : [0]) {
            const headers = { "x-type": type, "x-nonce": "n", ...(id !== undefined && { "x-id": id }) };
            const sent: Sent = isStamped ? stamped(at, headers, body) : { body, headers };
            const content = words.content?.includes("x-nonce") ? `${sent.headers?.["x-ts"]}.n` : sent.content;
            await send(content === undefined ? sent : { ...sent, content });
          }
    expect(store.claims.length).toBeGreaterThan(3);
    for (const name of ["key", "mark"] as const) {
      const partitions = new Map<string, string>();
      for (const claim of store.claims) {
        const text = claim[name];
        if (text === undefined) continue;
        expect(partitions.get(text) ?? claim.partition).toBe(claim.partition);
        partitions.set(text, claim.partition);
      }
    }
  });
});
