import { afterEach, describe, expect, it, vi } from "vitest";
import type { Delivery } from "../src/delivery.js";
import { deliver, openAcme } from "./acme-verifier.js";
import { recordingStore } from "./claim/recording-store.js";

/** Reads the environment while the verifier is made, and never again. */
function openIn(environment: object) {
  vi.stubGlobal("process", environment);
  try {
    return openAcme({}, { store: recordingStore() });
  } finally {
    vi.unstubAllGlobals();
  }
}

/** A delivery from this machine to this machine over plain HTTP. */
function local(more: Partial<Delivery> = {}): Delivery {
  const delivery = deliver({ address: "127.0.0.1", protocol: "http", wire: true, ...more });
  return { ...delivery, headers: { ...delivery.headers, host: "localhost" } };
}

async function codeOf({ receive }: ReturnType<typeof openAcme>, delivery: Delivery): Promise<string> {
  const verdict = await receive(delivery);
  if (verdict.outcome === "accepted") await verdict.claim.release();
  return verdict.outcome === "rejected" ? verdict.code : verdict.outcome;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("createVerifier, which reads NODE_ENV", () => {
  it.each(["production", "Production", " PRODUCTION\r\n"])("takes %j for production", async (value) => {
    expect(await codeOf(openIn({ env: { NODE_ENV: value } }), local())).toBe("HTTPS_REQUIRED");
  });

  it.each(["development", "prod", "", undefined])("takes %j for none", async (value) => {
    expect(await codeOf(openIn({ env: { NODE_ENV: value } }), local())).toBe("accepted");
  });

  it("takes a runtime without an environment for no production", async () => {
    for (const environment of [undefined, {}]) expect(await codeOf(openIn(environment as object), local())).toBe("accepted");
  });

  it("takes an environment that it may not read for production, and is made all the same", async () => {
    const env = {
      get NODE_ENV(): string {
        throw new Error("Requires env access");
      },
    };
    expect(await codeOf(openIn({ env }), local())).toBe("HTTPS_REQUIRED");
  });
});

describe("receive, which looks at where a delivery comes from", () => {
  it.each([
    ["/hook#a", true, "TARGET_INVALID"],
    ["/hook?a=1#", true, "TARGET_INVALID"],
    ["*", true, "TARGET_INVALID"],
    ["https://acme.example/hook", true, "TARGET_INVALID"],
    ["/hook#a", undefined, "accepted"],
    ["https://acme.example/hook#a", undefined, "accepted"],
  ])("finds the target %j, with wire %j, %s", async (url, wire, code) => {
    expect(await codeOf(openAcme(), deliver({ url, wire }))).toBe(code);
  });

  it("takes a peer that is gone for no Unix socket", async () => {
    const opened = openAcme({}, { allow: ["203.0.113.7"], trustedProxies: ["unix"], store: recordingStore() });
    const { headers } = deliver();
    const from = (address: string | undefined): Delivery =>
      deliver({ address, wire: true, headers: { ...headers, "x-forwarded-for": "203.0.113.7" } });
    expect(await codeOf(opened, from(undefined))).toBe("accepted");
    expect(await codeOf(opened, from(""))).toBe("ADDRESS_UNKNOWN");
  });

  it("advises what helps on a socket, and what helps on a platform", async () => {
    const { receive, records } = openAcme({}, { allow: ["203.0.113.7"] });
    await receive(deliver({ wire: true }));
    await receive(deliver());
    const details = records.flatMap((record) => (record.kind === "delivery" ? [record.detail] : []));
    expect(details).toEqual([expect.stringContaining('trustedProxies: ["unix"]'), expect.stringContaining("trustedProxies: { hops: n }")]);
  });
});
