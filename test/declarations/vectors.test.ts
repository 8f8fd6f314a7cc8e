import { createVerifier, VerificationError } from "@countersign/core";
import { describe, expect, it } from "vitest";
import { presetOf } from "./declared.js";
import { type Vector, vectors } from "./vector.js";

function verifierOf({ provider, option, key, at, url }: Vector, config: object = { [option]: key }) {
  const configured = presetOf(provider)({ ...config, ...(url !== undefined && usesUrl(provider) && { publicUrl: url }) });
  return createVerifier({ provider: configured, observe: false, ...(at !== undefined && { now: () => at }) });
}

const usesUrl = (provider: string): boolean => /\{(url|publicUrl)[|}]/.test(JSON.stringify(presetOf(provider).declaration));
const deliveryOf = ({ method, url, headers, body }: Vector) => ({ method, url, headers, body: new TextEncoder().encode(body) });
const labelOf = ({ provider, name }: Vector): string => `${provider}: ${name}`;
const anotherKey = ({ provider, option }: Vector): object | undefined => {
  if (option === "publicKey") return undefined;
  return {
    secret: provider.startsWith("adyen") ? "ab".repeat(32) : /standard|svix|openai/.test(provider) ? "whsec_AAAAAAAAAAAB" : "another",
  };
};

describe("verify", () => {
  it("has the vectors of 25 providers to hold the declarations against", () => {
    expect(vectors).toHaveLength(35);
    expect(new Set(vectors.map(({ provider }) => provider)).size).toBe(25);
  });

  it.each(vectors.map((vector) => [labelOf(vector), vector] as const))("accepts the published delivery of %s", async (_, vector) => {
    const event = await verifierOf(vector).verify(deliveryOf(vector));
    expect(event.provider).toBe(vector.provider);
    expect(new TextDecoder().decode(event.rawBody)).toBe(vector.body);
  });

  it.each(vectors.map((vector) => [labelOf(vector), vector] as const))(
    "refuses %s with any byte of a signed body changed",
    async (_, vector) => {
      const verifier = verifierOf(vector);
      const delivery = deliveryOf(vector);
      const { signed } = await verifier.verify(delivery);
      expect(Object.values(signed)).toContain(true);
      if (!signed.body) return;
      for (let at = 0; at < delivery.body.length; at++) {
        const body = Uint8Array.from(delivery.body);
        body[at] = (body[at] as number) ^ (1 << (at % 8));
        const error = await verifier.verify({ ...delivery, body }).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error, `byte ${at}`).toBeInstanceOf(VerificationError);
        expect((error as VerificationError).code).toBe("SIGNATURE_MISMATCH");
      }
    },
  );

  const keyed = vectors.filter((vector) => anotherKey(vector) !== undefined);
  it.each(keyed.map((vector) => [labelOf(vector), vector] as const))("refuses %s under another secret", async (_, vector) => {
    await expect(verifierOf(vector, anotherKey(vector)).verify(deliveryOf(vector))).rejects.toMatchObject({ code: "SIGNATURE_MISMATCH" });
  });

  const stamped = vectors.filter((vector) => vector.at !== undefined);
  it.each(stamped.map((vector) => [labelOf(vector), vector] as const))("refuses %s long after it was signed", async (_, vector) => {
    const later = { ...vector, at: (vector.at as number) + 400 * 86_400_000 };
    await expect(verifierOf(later).verify(deliveryOf(vector))).rejects.toMatchObject({ code: "TIMESTAMP_TOO_OLD" });
  });
});
