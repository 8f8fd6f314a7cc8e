import { signDelivery } from "@countersign/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Contact, headerOf, type Sent } from "./contact.js";
import { frameworks, type InteropServer, startServer } from "./servers.js";
import { signingSdks } from "./signing-sdks.js";
import { verifyingSdks } from "./verifying-sdks.js";

const contacts = [...signingSdks, ...verifyingSdks];
const named = contacts.map((contact) => [`${contact.name} (${contact.sdk})`, contact] as const);
const signedByOurs = named.filter(([, { ours }]) => ours !== undefined);

/** What the SDK says; most throw for a delivery that they refuse. */
async function vouches(contact: Contact, sent: Sent): Promise<boolean> {
  try {
    return await contact.verify(sent);
  } catch {
    return false;
  }
}

async function signByOurs(contact: Contact): Promise<Sent> {
  const { method, url, headers, body } = await signDelivery(contact.provider, { url: contact.path, ...contact.ours?.() });
  return { method, url: url.replace(/^https:\/\/[^/]*/, ""), headers, body: new TextDecoder().decode(body) };
}

const withHeader = (sent: Sent, name: string, value: string): Sent => ({ ...sent, headers: { ...sent.headers, [name]: value } });

/** The first hexadecimal or base64 character after the middle, as another one: canonical in either encoding. */
function flip(text: string): string {
  const middle = text.length - 20;
  const flipped = text[middle] === "a" ? "b" : "a";
  return text.slice(0, middle) + flipped + text.slice(middle + 1);
}

/** The delivery with one signed part changed, each with what was changed. */
function tampered(contact: Contact, sent: Sent): [string, Sent][] {
  const url = sent.url.replace("genuine", "forged!");
  const body = sent.body.replace("genuine", "forged!");
  return [
    ...(url === sent.url ? [] : [["the URL", { ...sent, url }] as [string, Sent]]),
    ...(body === sent.body ? [] : [["the body", { ...sent, body }] as [string, Sent]]),
    ["the signature", withHeader(sent, contact.signature, flip(headerOf(sent, contact.signature)))],
    ["no signature", withHeader(sent, contact.signature, "")],
    ...contact.covers.map((name): [string, Sent] => [name, withHeader(sent, name, headerOf(sent, name).replace(/.$/, nextOf))]),
  ];
}

const nextOf = (character: string): string => (character === "7" ? "8" : "7");

describe.each(frameworks)("%s", (framework) => {
  let server: InteropServer;
  beforeAll(async () => {
    server = await startServer(framework, contacts);
  });
  afterAll(() => server.close());

  async function expectAccepted(contact: Contact, sent: Sent): Promise<void> {
    expect(await server.send(sent)).toBe(contact.name === "Discord" ? 204 : 200);
    const [event, ...others] = server.taken();
    expect(others).toEqual([]);
    expect(event).toMatchObject({ provider: contact.provider.name, repeats: false });
    expect(new TextDecoder().decode(event?.rawBody)).toBe(sent.body);
  }

  async function expectRefused(sent: Sent, what: string): Promise<void> {
    expect(await server.send(sent), what).toBe(401);
    expect(server.taken()).toEqual([]);
  }

  it.each(named)(
    "accepts what is signed by or for the SDK of %s, and refuses it when tampered with, as the SDK does",
    async (_, contact) => {
      const sent = await contact.sign();
      expect(await vouches(contact, sent)).toBe(true);
      for (const [what, changed] of tampered(contact, sent)) {
        expect(await vouches(contact, changed), `the SDK about ${what}`).toBe(false);
        await expectRefused(changed, what);
      }
      await expectAccepted(contact, sent);
    },
  );

  it.each(named)("refuses what is signed with another secret of %s, as the SDK does", async (_, contact) => {
    const sent = await contact.sign("another");
    expect(await vouches(contact, sent)).toBe(false);
    await expectRefused(sent, "another secret");
  });

  it.each(signedByOurs)(
    "accepts what signDelivery signs for %s, as the SDK does, and both refuse it when tampered with",
    async (_, contact) => {
      const sent = await signByOurs(contact);
      expect(await vouches(contact, sent)).toBe(true);
      for (const [what, changed] of tampered(contact, sent)) {
        expect(await vouches(contact, changed), `the SDK about ${what}`).toBe(false);
        await expectRefused(changed, what);
      }
      await expectAccepted(contact, sent);
    },
  );
});

describe("the contacts", () => {
  it("are of the eight official SDKs, five of which sign", () => {
    const sdks = (signs: Contact["signs"]) => new Set(contacts.filter((contact) => contact.signs === signs).map(({ sdk }) => sdk));
    expect(sdks("sdk")).toEqual(new Set(["stripe", "standardwebhooks", "svix", "@octokit/webhooks-methods", "twilio"]));
    expect(sdks("rule")).toEqual(new Set(["@slack/bolt", "@shopify/shopify-api", "discord-interactions"]));
  });

  it.each(named)("of %s have a part to tamper with beside the signature", async (_, contact) => {
    expect(tampered(contact, await contact.sign()).map(([what]) => what)).toEqual(
      expect.arrayContaining([expect.stringMatching(/URL|body/)]),
    );
  });
});
