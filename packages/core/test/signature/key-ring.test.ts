import { describe, expect, it } from "vitest";
import { ConfigurationError, Refusal } from "../../src/errors.js";
import { createKeyRing, type DeliveryContext, type SecretResolver, type Secrets } from "../../src/signature/key-ring.js";

interface Key {
  readonly of: string | Uint8Array;
}
const importKey = (of: string | Uint8Array): Key => {
  if (of === "broken") throw new Error("it is not hex");
  return { of };
};
const decoy: Key = { of: "decoy" };
const ringOf = (secrets: Secrets) => createKeyRing<Key>("acme.secret", secrets, importKey, () => decoy);
const context = (): DeliveryContext => ({ headers: new Headers({ "x-tenant": "t1" }), url: new URL("http://localhost/hook?t=1") });
const keysOf = async (secrets: Secrets, timeout = 2) => ringOf(secrets).keysFor({ context }, timeout);
const refusalOf = async (resolver: SecretResolver, timeout = 2): Promise<Refusal> => {
  try {
    await keysOf(resolver, timeout);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("it was not refused");
};

describe("createKeyRing", () => {
  it("names keys by their position, or as they are named", async () => {
    const bytes = Uint8Array.of(1, 2);
    const { keys, tenant, unknown } = await keysOf(["a", undefined, { id: "new", value: "b" }, bytes, { id: "bytes", value: bytes }]);
    expect(keys.map(({ id }) => id)).toEqual(["0", "new", "3", "bytes"]);
    expect(keys.map(({ key }) => key.of)).toEqual(["a", "b", bytes, bytes]);
    expect([tenant, unknown]).toEqual([undefined, false]);
  });

  it("takes one secret without a list, and answers at once", () => {
    const answer = ringOf("a").keysFor({ context }, 1);
    expect(answer).toMatchObject({ keys: [{ id: "0", key: { of: "a" } }] });
  });

  it.each([
    ["", "acme.secret: it is empty or blank"],
    ["  \n", "acme.secret: it is empty or blank"],
    ["undefined", "acme.secret: it is the word undefined"],
    [" null ", "acme.secret: it is the word null"],
    [new Uint8Array(), "acme.secret: it is empty"],
    [new Uint8Array(3), "acme.secret: all its bytes are zero"],
    [null, "acme.secret: it is null"],
    [1, "acme.secret: it is a number"],
    [undefined, "acme.secret: none is configured"],
    [[], "acme.secret: none is configured"],
    [[undefined, undefined], "acme.secret: none is configured"],
    [["a", ""], "acme.secret[1]: it is empty or blank"],
    [["a", "broken"], "acme.secret[1]: it is not hex"],
    [{ id: "", value: "a" }, "acme.secret: its id is a non-empty text"],
    [{ id: 1, value: "a" }, "acme.secret: its id is a non-empty text"],
    [{ id: "x", value: "" }, "acme.secret: it is empty or blank"],
    [{ id: "x", value: undefined }, "acme.secret: none is configured; is its environment variable set?"],
    [{ kty: "OKP" }, "acme.secret: it is an object; expected a text, or { id, value } (a JWK as the text of its JSON)"],
  ] as const)("refuses %j", (secrets, message) => {
    expect(() => ringOf(secrets as unknown as Secrets)).toThrow(ConfigurationError);
    expect(() => ringOf(secrets as unknown as Secrets)).toThrow(message);
  });

  it("takes no more keys than are tried", () => {
    const most = (secrets: Secrets) => createKeyRing<Key>("acme.publicKey", secrets, importKey, () => undefined, 4);
    expect(() => most(["a", "b", undefined, "c", "d"])).not.toThrow();
    expect(() => most(["a", "b", "c", "d", "e"])).toThrow("acme.publicKey: there are 5, and 4 are tried on one delivery");
  });

  it("never says a secret that it refuses", () => {
    const noisy = (): Key => {
      throw new Error("it does not begin with whsec_");
    };
    try {
      createKeyRing("acme.secret", ["hunter2"], noisy, () => undefined);
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain("hunter2");
      expect((error as ConfigurationError).option).toBe("acme.secret");
    }
  });
});

describe("a resolver of secrets", () => {
  it("is asked with headers and URL, and names the tenant", async () => {
    const seen: DeliveryContext[] = [];
    const set = await keysOf(async (given) => {
      seen.push(given);
      return { tenant: "t1", secrets: ["a", { id: "old", value: "b" }] };
    });
    expect(set).toEqual({
      keys: [
        { id: "0", key: { of: "a" } },
        { id: "old", key: { of: "b" } },
      ],
      tenant: "t1",
      unknown: false,
    });
    expect([seen[0]?.headers.get("x-tenant"), seen[0]?.url.search]).toEqual(["t1", "?t=1"]);
  });

  it("answers null where there is one tenant", async () => {
    expect(await keysOf(async () => ({ tenant: null, secrets: "a" }))).toMatchObject({ tenant: undefined, unknown: false });
  });

  it.each([undefined, null])("that answers %s knows no such tenant: decoys stand in", async (answer) => {
    const set = await keysOf(async () => answer);
    expect(set).toEqual({ keys: [{ id: "decoy", key: decoy }], tenant: undefined, unknown: true });
    const bare = createKeyRing<Key>(
      "acme.secret",
      async () => answer,
      importKey,
      () => undefined,
    );
    expect(await bare.keysFor({ context }, 1)).toEqual({ keys: [], tenant: undefined, unknown: true });
  });

  it.each([
    { tenant: "t" },
    { secrets: "a" },
    { tenant: "", secrets: "a" },
    { tenant: 1, secrets: "a" },
    { tenant: null, secrets: "" },
    { tenant: null, secrets: [] },
    { tenant: null, secrets: "undefined" },
    { tenant: null, secrets: "broken" },
    { tenant: null, secrets: async () => "a" },
    "a",
  ])("that answers %j is the operator's fault", async (answer) => {
    expect(await refusalOf(async () => answer as never)).toMatchObject({ code: "MISCONFIGURED" });
  });

  it("that throws is our fault, and the sender's to try again", async () => {
    const fault = new Error("no connection");
    const late = async (): Promise<never> => {
      throw fault;
    };
    const now = (): never => {
      throw fault;
    };
    for (const resolver of [late, now])
      expect(await refusalOf(resolver)).toMatchObject({ code: "SECRETS_UNAVAILABLE", cause: fault, retryAfter: 5 });
  });

  it("is waited for no longer than the timeout", async () => {
    const refusal = await refusalOf(() => new Promise(() => {}), 0.02);
    expect(refusal).toMatchObject({ code: "SECRETS_UNAVAILABLE" });
    expect(String(refusal.cause)).toContain("0.02 s");
  });

  it("has its keys imported once, the oldest making room", async () => {
    const imported: string[] = [];
    let secret = "first";
    const counting = (of: string | Uint8Array): Key => {
      if (typeof of === "string") imported.push(of);
      return { of };
    };
    const ring = createKeyRing<Key>(
      "acme.secret",
      async () => ({ tenant: "t", secrets: secret }),
      counting,
      () => undefined,
    );
    await ring.keysFor({ context }, 1);
    await ring.keysFor({ context }, 1);
    expect(imported).toEqual(["first"]);
    for (let n = 0; n < 1000; n++) {
      secret = `secret ${n}`;
      await ring.keysFor({ context }, 1);
    }
    secret = "first";
    await ring.keysFor({ context }, 1);
    expect(imported.filter((of) => of === "first")).toHaveLength(2);
    expect(imported).toHaveLength(1002);
  });

  it("may answer bytes, which are imported each time", async () => {
    const ring = ringOf(async () => ({ tenant: null, secrets: Uint8Array.of(7) }));
    expect(await ring.keysFor({ context }, 1)).toMatchObject({ keys: [{ key: { of: Uint8Array.of(7) } }] });
  });
});
