/** Presets as a package of its own would export them, with their types written out by the compiler. */
import { defineProvider, scheme } from "@countersign/core";

const base = { algorithm: "hmac-sha256", secret: "utf8", signature: { from: "header:x-sig", encoding: "hex" } } as const;

export const urlSigned = defineProvider({ name: "url-signed", ...base, content: "{url}{body}" });

export const part = scheme({ ...base, content: "{url}{body}" });

export const several = defineProvider({
  name: "several",
  schemes: [part, scheme({ algorithm: "ed25519", publicKey: "raw-hex", signature: base.signature, content: "{body}" })],
});

export const configured = defineProvider({
  name: "configured",
  ...base,
  options: { audience: "text", header: { default: "x-id" } },
  content: "{option:audience}{body}",
  id: "header:{option:header}",
  handshake: [{ when: { method: "GET" }, unsigned: true, reply: { text: "{publicUrl}" } }],
});
