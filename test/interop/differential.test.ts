/** Deliveries that are signed, and changed at random: our verdict against that of the provider's own SDK. */
import { type Claim, createVerifier, memoryStore, type Store, type WebhookEvent } from "@countersign/core";
import { signDelivery } from "@countersign/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Contact, Sent } from "./contact.js";
import { type Mutation, mutations } from "./mutations.js";
import { signingSdks } from "./signing-sdks.js";
import { verifyingSdks } from "./verifying-sdks.js";

const contacts = [...signingSdks, ...verifyingSdks];
const named = contacts.map((contact) => [`${contact.name} (${contact.sdk})`, contact] as const);
const SEED = { seed: 20_261_125, numRuns: 100 };

async function vouches(contact: Contact, sent: Sent): Promise<boolean> {
  try {
    return await contact.verify(sent);
  } catch {
    return false;
  }
}

/** A receiver of one contact, and the claims that it makes. */
function open({ provider }: Contact) {
  const memory = memoryStore();
  const claims: Claim[] = [];
  const record: Store["claim"] = (claim) => {
    claims.push(claim);
    return memory.claim(claim);
  };
  const store: Store = { ...memory, durable: false, claim: record };
  const verifier = createVerifier({ provider, store, observe: false, https: "off" });
  const onWire = ({ headers, body, ...sent }: Sent) => ({
    ...sent,
    headers: Object.entries(headers),
    body: new TextEncoder().encode(body),
  });
  return {
    verify: (sent: Sent): Promise<WebhookEvent | undefined> => verifier.verify(onWire(sent)).catch(() => undefined),
    async keyOf(sent: Sent): Promise<string | undefined> {
      const before = claims.length;
      await verifier.receive(onWire(sent));
      return claims[before]?.key;
    },
  };
}

const changed = (sent: Sent, contact: Contact, changes: readonly Mutation[]): Sent =>
  changes.reduce((before, { change }) => change(before, contact), sent);

/** What a handler goes by. */
const viewOf = ({ id, type, tenant, payload }: WebhookEvent) => ({ id, type, tenant, payload });

/** The differences that were met with one change alone. */
const met = new Set<string>();

describe.each(named)("%s", (_, contact) => {
  const { verify, keyOf } = open(contact);

  it("accepts and refuses what the SDK does, but where it is told why not", async () => {
    const some = fc.array(fc.constantFrom(...mutations), { minLength: 1, maxLength: 3 });
    const each = mutations.map((mutation): [Mutation[]] => [[mutation]]);
    await fc.assert(
      fc.asyncProperty(some, async (changes) => {
        const sent = changed(await contact.sign(), contact, changes);
        const [ours, theirs] = [(await verify(sent)) !== undefined, await vouches(contact, sent)];
        const what = `${changes.map(({ name }) => name).join(", then ")}: ours ${ours}, the SDK ${theirs}`;
        if (changes.length === 1 && ours !== theirs) met.add(`${changes[0]?.name}: ${ours ? "looser" : "stricter"}`);
        if (ours && !theirs)
          expect(
            changes.some(({ looser }) => looser),
            what,
          ).toBe(true);
        if (!ours && theirs)
          expect(
            changes.some(({ stricter }) => stricter),
            what,
          ).toBe(true);
      }),
      { ...SEED, examples: each },
    );
  });

  it("claims another key wherever a handler would see something else", async () => {
    for (const mutation of mutations) {
      const sent = await contact.sign();
      const other = changed(sent, contact, [mutation]);
      const [one, two] = [await verify(sent), await verify(other)];
      if (one === undefined || two === undefined) continue;
      const isSame = isEqual(viewOf(one), viewOf(two));
      const [key, otherKey] = [await keyOf(sent), await keyOf(other)];
      expect(key).toBeDefined();
      // a form can be written in several ways that say the same
      if (!isSame || sent.body === other.body) expect(key === otherKey, mutation.name).toBe(isSame);
    }
  });

  it.skipIf(contact.ours === undefined)("signs any text as the SDK would have it, and reads it back", async () => {
    const texts = fc.dictionary(
      fc.string({ unit: "grapheme", minLength: 1 }).map((name) => `x ${name}`),
      fc.string({ unit: "grapheme" }),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (more) => {
        const { payload, ...options } = contact.ours?.() ?? {};
        const delivery = await signDelivery(contact.provider, {
          url: contact.path,
          ...options,
          payload: { ...(payload as object), ...more },
        });
        const { method, headers, body = new Uint8Array() } = delivery;
        const sent = { method, headers, url: delivery.url.replace(/^https:\/\/[^/]*/, ""), body: new TextDecoder().decode(body) };
        expect(await vouches(contact, sent)).toBe(true);
        expect((await verify(sent))?.payload).toMatchObject(more);
      }),
      { ...SEED, numRuns: 40 },
    );
  });
});

const isEqual = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

describe("the differences", () => {
  it("that are told are all met", () => {
    const told = mutations.flatMap(({ name, stricter, looser }) => [
      ...(stricter === undefined ? [] : [`${name}: stricter`]),
      ...(looser === undefined ? [] : [`${name}: looser`]),
    ]);
    expect([...met].sort()).toEqual(told.sort());
  });
});
