import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Provider } from "@countersign/core";
import { discord } from "@countersign/providers/discord";
import { github } from "@countersign/providers/github";
import { mailgun } from "@countersign/providers/mailgun";
import { meta } from "@countersign/providers/meta";
import { shopify } from "@countersign/providers/shopify";
import { slack } from "@countersign/providers/slack";
import { standardWebhooks } from "@countersign/providers/standard-webhooks";
import { stripe } from "@countersign/providers/stripe";
import { svix } from "@countersign/providers/svix";
import { twilio } from "@countersign/providers/twilio";
import { describe, expect, it } from "vitest";
import { ROOT, readPage } from "./markdown.js";

const secret = "a secret for tests";
const whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const publicKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

const PROVIDERS: Readonly<Record<string, Provider>> = {
  "standard-webhooks": standardWebhooks({ secret: whsec }),
  svix: svix({ secret: whsec }),
  stripe: stripe({ secret }),
  slack: slack({ secret }),
  discord: discord({ publicKey }),
  github: github({ secret }),
  shopify: shopify({ secret }),
  twilio: twilio({ secret, publicUrl: "https://example.com/webhooks" }),
  mailgun: mailgun({ secret }),
  meta: meta({ secret, verifyToken: secret }),
};

/** Preset to what stands in its column `signed`; those whose options decide have words there. */
function rows(): Map<string, string> {
  const { lines } = readPage("docs/threat-model.md");
  const table = lines.slice(lines.indexOf("<!-- presets -->"));
  const found = table.flatMap((text) => (text.startsWith("| `") ? [text.split("|").map((cell) => cell.trim())] : []));
  return new Map(found.map(([, name = "", signed = ""]) => [name.replaceAll("`", ""), signed]));
}

/** What a provider's schemes sign, in the words of the table. */
function signedBy(provider: Provider): string {
  const texts = provider["~configured"].schemes.map(({ scheme: { signed, words } }) => {
    const parts = Object.entries(signed).flatMap(([part, is]) => (is ? [part] : []));
    return { parts: parts.join(", "), isForm: JSON.stringify(words.content).includes("{params}") };
  });
  const distinct = new Map(texts.map((text) => [text.parts, text]));
  if (distinct.size === 1) return [...distinct.keys()].join();
  return [...distinct.values()].map(({ parts, isForm }) => `${parts} (${isForm ? "a form" : "JSON"})`).join("; ");
}

describe("the table of presets in docs/threat-model.md", () => {
  it("has a row for every preset", () => {
    const { exports } = JSON.parse(readFileSync(join(ROOT, "packages/providers/package.json"), "utf8")) as { exports: object };
    const names = Object.keys(exports).flatMap((subpath) => (subpath === "./package.json" ? [] : [subpath.slice(2)]));
    expect([...rows().keys()].sort()).toEqual(names.sort());
    expect(readdirSync(join(ROOT, "packages/providers/src")).length).toBeGreaterThanOrEqual(names.length);
  });

  it.each(Object.entries(PROVIDERS))("says what %s signs", (name, provider) => {
    expect(rows().get(name)).toBe(signedBy(provider));
  });
});
