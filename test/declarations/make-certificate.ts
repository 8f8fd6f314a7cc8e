import { type KeyObject, sign } from "node:crypto";

const der = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const content = Buffer.concat(parts);
  const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 255];
  return Buffer.concat([Uint8Array.from([tag, ...length]), content]);
};
const sequence = (...parts: readonly Uint8Array[]): Uint8Array => der(0x30, ...parts);
const text = (tag: number, value: string): Uint8Array => der(tag, Buffer.from(value));

const SHA256_WITH_RSA = sequence(der(6, Buffer.from("2a864886f70d01010b", "hex")), der(5));
const COMMON_NAME = der(6, Buffer.from("550403", "hex"));

/** Makes a certificate that an RSA key signs for itself, good from 2020 to 2049 (RFC 5280, section 4.1; version 1). */
export function makeCertificate(keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }, subject: string): string {
  const name = sequence(der(0x31, sequence(COMMON_NAME, text(0x0c, subject))));
  const validity = sequence(text(0x17, "200101000000Z"), text(0x17, "491231235959Z"));
  const publicKey = keys.publicKey.export({ format: "der", type: "spki" });
  const content = sequence(der(2, Uint8Array.of(1)), SHA256_WITH_RSA, name, validity, name, publicKey);
  const signature = sign("sha256", content, keys.privateKey);
  const certificate = sequence(content, SHA256_WITH_RSA, der(3, Uint8Array.of(0), signature));
  const lines =
    Buffer.from(certificate)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
