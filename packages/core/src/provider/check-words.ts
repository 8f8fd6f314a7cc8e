/** What a declaration must say and must not: what types cannot see, and everything else for whoever declares without types. */
import type { AnyDeclaration, AnyScheme, Handshake, ReplyWords } from "./declaration.js";
import {
  anything,
  check,
  checkAll,
  isObject,
  isText,
  list,
  METHOD,
  maybe,
  object,
  one,
  type Rule,
  type Shape,
  seconds,
  source,
  text,
  whole,
  words,
} from "./rule.js";
import { HEADER } from "./source.js";

/** Header names in lower case: `content-type` in any other would stand beside our own. */
const isHeaders = (value: unknown): boolean =>
  isObject(value) && Object.entries(value).every(([name, template]) => HEADER.test(name) && isText(template));
const REPLY: Shape = { headers: maybe([isHeaders, "names in lower case, each with a text"]), text: maybe(text), json: anything };
/** Statuses of answers that have no body (RFC 9110, section 15). */
const BODILESS: readonly unknown[] = [204, 205, 304];
const HANDSHAKE: Shape = { when: object, unsigned: maybe(one(true, false)), learns: maybe(source), reply: object };
const SCHEME: Shape = {
  ...words("algorithm secret publicKey mechanism signature token content timestamp id type tenant"),
  when: maybe(object),
  require: maybe(object),
  unique: maybe(one("body", "stamped", "nothing")),
  signedAnew: maybe(one(true, false)),
};
/** What each of several schemes says for itself. */
const OF_ONE = [
  ...(["algorithm", "secret", "publicKey", "mechanism", "signature"] as const),
  ...(["token", "content", "when", "require", "timestamp"] as const),
];
const DECLARATION: Shape = {
  ...SCHEME,
  ...words("name docs checked sources success"),
  options: maybe(object),
  methods: maybe(list),
  payload: maybe([
    (value) => isText(value) && /^(json|(form|json):[^{}]+)$/.test(value),
    '"json", or "form:..." or "json:..." with a name of its own',
  ]),
  handshake: maybe([Array.isArray, "a list"]),
  answerWithin: maybe(seconds),
  retriesFor: maybe(seconds),
  maxBytes: maybe(whole(1)),
  schemes: maybe(list),
};
/** What a preset may take whatever it declares. */
const COMMON: readonly string[] = ["secret", "publicKey", "publicUrl", "fetchKey", "onSecret"];
const OPTION: Rule = [
  (kind) => kind === "text" || kind === "secret" || (isObject(kind) && isText(kind.default)),
  '"text", "secret" or { default }',
];

/** @throws Error naming the word that is wrong */
export function checkDeclaration(declaration: AnyDeclaration): void {
  checkAll("", declaration, DECLARATION);
  const { methods = [], options = {}, success, schemes = [] } = declaration;
  for (const method of methods) check("methods", method, METHOD);
  for (const [name, kind] of Object.entries(options)) {
    check(`options.${name}`, name, [() => /^\w+$/.test(name) && !COMMON.includes(name), `another name, of letters, digits and _`]);
    check(`options.${name}`, kind, OPTION);
  }
  if (success !== undefined) checkReply("success", success, whole(200, 299));
  for (const part of schemes) {
    checkAll("schemes", part, words("scheme needs"));
    checkAll("schemes", part.scheme, SCHEME);
  }
  for (const word of schemes.length > 0 ? OF_ONE : [])
    if (declaration[word] !== undefined) throw new Error(`${word} stands beside schemes: write it into each of them`);
}

function checkReply(place: string, reply: ReplyWords, status: Rule): void {
  checkAll(place, reply, { ...REPLY, status: maybe(status) });
  const { text, json } = reply;
  if (text !== undefined && json !== undefined) throw new Error(`${place}: expected text or json, and not both`);
  const hasBody = text !== undefined || json !== undefined;
  check(`${place}.status`, hasBody && reply.status, [(given) => !BODILESS.includes(given), "one whose answer has a body"]);
}

/** A handshake that holds for every delivery acknowledges them all, and none reaches a handler. */
export function checkHandshake(handshake: Handshake, methods: readonly string[], schemes: readonly AnyScheme[]): void {
  checkAll("handshake", handshake, HANDSHAKE);
  checkReply("handshake.reply", handshake.reply, whole(200, 599));
  const { method, body: _, ...conditions } = handshake.when;
  const proofs: readonly unknown[] = schemes.flatMap(({ signature, token, timestamp }) => [
    ...[signature?.from].flat(),
    token?.from,
    timestamp?.from,
  ]);
  // what stands in every genuine delivery tells none apart; nor does what is absent, where nothing is proven
  const tells = Object.entries(conditions).some(([from, wanted]) =>
    wanted === true ? !proofs.includes(from) : wanted !== false || handshake.unsigned !== true,
  );
  const isOwn = method !== undefined && !methods.includes(method);
  check("handshake.when", tells || isOwn, [(is) => is === true, "what tells it from every other delivery"]);
}
