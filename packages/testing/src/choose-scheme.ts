/** By which of its schemes a delivery is signed, and where its payload goes. */
import type { Provider } from "@countersign/core";
import type { CompiledScheme, ConfiguredScheme } from "@countersign/core/signing";
import type { CompiledDeclaration, DeliveryOptions } from "./delivery.js";
import type { PayloadForm } from "./draft.js";
import { needsPrivateKey } from "./sign-with-private-key.js";

export const FORM = "application/x-www-form-urlencoded";

const speaksOf = ({ words }: CompiledScheme, pattern: RegExp): boolean => {
  const { signature, content, timestamp, token } = words;
  return pattern.test(JSON.stringify([signature, content, timestamp, token]));
};
const speaksOfForm = (scheme: CompiledScheme): boolean => scheme.words.when?.body === "form" || speaksOf(scheme, /["{]form:|\{params\}/);
const speaksOfJson = (scheme: CompiledScheme): boolean =>
  scheme.words.when?.body === "json" || speaksOf(scheme, /["{]json:/) || "query:bodySHA256" in (scheme.words.require ?? {});

/** The scheme that was asked for, or the first that fits what is at hand: a method, a private key or a secret, a form or something else. */
export function chooseScheme(
  { name, "~configured": { schemes, compiled } }: Provider,
  method: string,
  contentType: string | undefined,
  { privateKey, scheme: position }: DeliveryOptions,
): ConfiguredScheme {
  const isForm = contentType?.startsWith(FORM);
  const found = schemes.find(({ scheme }) =>
    position !== undefined
      ? scheme === compiled.schemes[position]
      : needsPrivateKey(scheme.words.algorithm) === (privateKey !== undefined) &&
        (scheme.when.method ?? method) === method &&
        (isForm === undefined || (isForm ? !speaksOfJson(scheme) : !speaksOfForm(scheme))),
  );
  if (found !== undefined) return found;
  if (position !== undefined) throw new Error(`signDelivery: ${name} has no scheme ${position} that is configured`);
  const what = privateKey === undefined ? "without a privateKey" : "with a privateKey";
  throw new Error(`signDelivery: ${name} has no scheme that signs such a delivery ${what}`);
}

/** Tells where the payload goes. @throws Error where there is no place for it */
export function formOf(
  { declaration }: CompiledDeclaration,
  scheme: CompiledScheme,
  payload: unknown,
  contentType: string | undefined,
  isBodiless: boolean,
): PayloadForm {
  const isExact = typeof payload === "string" || payload instanceof Uint8Array;
  if (isBodiless && isExact && payload.length > 0)
    throw new Error("signDelivery: a GET or HEAD has no body; give the payload as an object, for the query");
  if (isBodiless) return "query";
  if (isExact) return "bytes";
  const isForm = contentType === undefined ? speaksOfForm(scheme) : contentType.startsWith(FORM);
  if (!isForm) return "json";
  return declaration.payload?.startsWith("form:") && !isFields(declaration.payload, scheme, payload) ? "field" : "form";
}

/** Whether a payload is the form itself, where the provider sends both forms and JSON in a form's field. */
function isFields(place: string, { words, type }: CompiledScheme, payload: unknown): boolean {
  const others = [...JSON.stringify(words).matchAll(/["{](form:[^"|}]+)/g)].filter(([, source]) => source !== place);
  if (others.length === 0 || typeof payload !== "object" || payload === null) return false;
  const isFlat = Object.values(payload)
    .flat()
    .every((value) => typeof value !== "object");
  const sources = type !== undefined && "sources" in type ? type.sources : [];
  return isFlat && !sources.some(({ kind, path }) => kind === "json" && path.length === 1 && Object.hasOwn(payload, path[0] ?? ""));
}
