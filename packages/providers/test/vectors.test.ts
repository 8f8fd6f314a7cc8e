import { createVerifier, type Provider } from "@countersign/core";
import { describe, expect, it } from "vitest";
import { github } from "../src/github.js";
import { slack } from "../src/slack.js";
import { standardWebhooks } from "../src/standard-webhooks.js";
import { svix } from "../src/svix.js";
import { twilio } from "../src/twilio.js";
import published from "./vectors.json" with { type: "json" };

/** A delivery that a provider's documentation or SDK publishes, with its signature. */
interface Vector {
  readonly provider: string;
  readonly name: string;
  readonly key: string;
  readonly option: string;
  /** When it was signed, in epoch milliseconds. */
  readonly at?: number;
  readonly method: string;
  readonly url?: string;
  readonly headers: object;
  readonly body: string;
}

const presets: Readonly<Record<string, (vector: Vector, key: string) => Provider>> = {
  github: (_, secret) => github({ secret }),
  slack: (_, secret) => slack({ secret }),
  "standard-webhooks": ({ option }, key) => standardWebhooks(option === "secret" ? { secret: key } : { publicKey: key }),
  svix: (_, secret) => svix({ secret }),
  twilio: ({ url = "" }, secret) => twilio({ secret, publicUrl: url as `https://${string}` }),
};

const vectors: readonly Vector[] = published;
const labelled = vectors.map((vector) => [`${vector.provider}, ${vector.name}`, vector] as const);

function verifierOf(vector: Vector, { key = vector.key, at = vector.at }: { key?: string; at?: number | undefined } = {}) {
  const provider = presets[vector.provider]?.(vector, key);
  if (provider === undefined) throw new Error(`no preset for ${vector.provider}`);
  return createVerifier({ provider, observe: false, ...(at !== undefined && { now: () => at }) });
}

const deliveryOf = ({ method, url, headers, body }: Vector) => ({
  method,
  url,
  headers: Object.entries(headers) as [string, string][],
  body: Buffer.from(body),
});

describe("published deliveries", () => {
  it("stand for five providers", () => {
    expect(vectors).toHaveLength(7);
    expect(new Set(vectors.map(({ provider }) => provider))).toEqual(new Set(Object.keys(presets)));
  });

  it.each(labelled)("are accepted: %s", async (_, vector) => {
    const event = await verifierOf(vector).verify(deliveryOf(vector));
    expect(event.provider).toBe(vector.provider);
    expect(Buffer.from(event.rawBody).toString()).toBe(vector.body);
  });

  it.each(labelled)("are refused with any byte of the body changed: %s", async (_, vector) => {
    const verifier = verifierOf(vector);
    const delivery = deliveryOf(vector);
    for (let at = 0; at < delivery.body.length; at++) {
      const body = Uint8Array.from(delivery.body);
      body[at] = (body[at] as number) ^ 1;
      await expect(verifier.verify({ ...delivery, body }), `byte ${at}`).rejects.toMatchObject({ name: "VerificationError", status: 401 });
    }
  });

  it.each(labelled)("are refused under another key: %s", async (_, vector) => {
    const key = vector.option === "publicKey" ? `whpk_${Buffer.alloc(32, 7).toString("base64")}` : "whsec_AAAAAAAAAAAB";
    await expect(verifierOf(vector, { key }).verify(deliveryOf(vector))).rejects.toMatchObject({ code: "SIGNATURE_MISMATCH" });
  });

  const stamped = labelled.filter(([, { at }]) => at !== undefined);
  it.each(stamped)("are refused once their window is over: %s", async (_, vector) => {
    const at = (vector.at as number) + 301_000;
    await expect(verifierOf(vector, { at }).verify(deliveryOf(vector))).rejects.toMatchObject({ code: "TIMESTAMP_TOO_OLD" });
  });
});
