/** Every provider that is declared here, by name. */
import type { AnyDeclaration } from "../../packages/core/src/provider/declaration.js";
import { bodyHmacs } from "./body-hmacs.js";
import { bodyHmacsWithHandshakes } from "./body-hmacs-with-handshakes.js";
import { jsonWebTokens } from "./json-web-tokens.js";
import { keyPairs } from "./key-pairs.js";
import { plainHashes } from "./plain-hashes.js";
import { proofInBody } from "./proof-in-body.js";
import { proofOnly } from "./proof-only.js";
import { sharedTokens } from "./shared-tokens.js";
import { stampedHmacs } from "./stamped-hmacs.js";
import { standardWebhooks } from "./standard-webhooks.js";
import { urlSigned } from "./url-signed.js";
import { websub } from "./websub.js";

/** A preset as tests configure it, by name. */
export interface Declared {
  (options: object): ReturnType<(typeof stampedHmacs)[number]>;
  readonly declaration: AnyDeclaration;
}

/** Everything that these providers' declarations must say is said. */
export const complete = [
  ...standardWebhooks,
  ...stampedHmacs,
  ...bodyHmacsWithHandshakes,
  ...bodyHmacs,
  ...websub,
  ...urlSigned,
  ...plainHashes,
  ...keyPairs,
  ...proofInBody,
  ...jsonWebTokens,
  ...sharedTokens,
] as unknown as readonly Declared[];

export const partial = proofOnly as unknown as readonly Declared[];

/** How many providers the language was measured against. */
export const SURVEYED = 123;

export function presetOf(name: string): Declared {
  const found = [...complete, ...partial].find(({ declaration }) => declaration.name === name);
  if (found === undefined) throw new Error(`${name} is not declared`);
  return found;
}
