import { Refusal } from "../errors.js";
import type { Reply } from "../reply.js";
import { toWireBytes } from "../signature/encodings.js";
import type { Attempt } from "./attempt.js";
import { type CompiledMatch, compileMatch } from "./condition.js";
import type { Handshake, ReplyWords } from "./declaration.js";
import { type Ink, macInputs, render } from "./render.js";
import { compileSource, type SourceReader } from "./source.js";
import { compileTemplate, type Template, type TemplateContext, withOptions } from "./template.js";

/** A reply of the declaration language: its texts are templates. */
export interface CompiledReply {
  readonly status: number;
  readonly headers: readonly (readonly [string, Template])[];
  readonly text: Template | undefined;
  /** JSON whose strings are templates. */
  readonly json: unknown;
  readonly contentType: string | undefined;
}

export interface CompiledHandshake {
  readonly when: CompiledMatch;
  readonly unsigned: boolean;
  readonly learns: SourceReader | undefined;
  readonly reply: CompiledReply;
  /** Whether its answer is computed with the secret. */
  readonly usesSecret: boolean;
}

/** What an answer computed with the secret may be computed over: anything else could be the content of a forged event. */
const MAC_INPUT = /^[A-Za-z0-9+/_=-]{1,128}$/;
const MAX_ECHO = 1024;
const HEADER_TEXT = /^[\x20-\x7e]{1,256}$/;

class JsonTemplate {
  readonly template: Template;
  constructor(template: Template) {
    this.template = template;
  }
}

/** @throws Error naming what is wrong with its templates */
export function compileReply({ status, headers, text, json }: ReplyWords, context: TemplateContext): CompiledReply {
  const compileJson = (value: unknown): unknown => {
    if (typeof value === "string") return new JsonTemplate(compileTemplate(value, context));
    if (Array.isArray(value)) return value.map(compileJson);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, compileJson(item)]));
  };
  return {
    status: status ?? 200,
    headers: Object.entries(headers ?? {}).map(([name, value]) => [name, compileTemplate(value, context)]),
    text: text === undefined ? undefined : compileTemplate(text, context),
    json: compileJson(json),
    contentType: json !== undefined ? "application/json" : text !== undefined ? "text/plain; charset=utf-8" : undefined,
  };
}

/** @throws Error naming what is wrong with it */
export function compileHandshake({ when, unsigned, learns, reply }: Handshake, context: TemplateContext): CompiledHandshake {
  return {
    when: compileMatch(when, context),
    unsigned: unsigned ?? false,
    learns: learns === undefined ? undefined : compileSource(withOptions(learns, context.options), context.fieldsAreEarly),
    reply: compileReply(reply, context),
    usesSecret: JSON.stringify(reply).includes("|hmac-"),
  };
}

/** Writes a reply. @throws Refusal `HANDSHAKE_REFUSED` if what it would echo or sign is out of bounds */
export async function writeReply(reply: CompiledReply, attempt: Attempt, ink: Ink): Promise<Reply> {
  const write = async (template: Template): Promise<string> => {
    for (const input of macInputs(template, attempt, ink))
      if (!MAC_INPUT.test(input))
        throw new Refusal("HANDSHAKE_REFUSED", "the token to sign is not 1 to 128 characters of A-Z a-z 0-9 + / _ = -");
    let text = "";
    for (const part of await render(template, attempt, ink)) text += typeof part === "string" ? part : new TextDecoder().decode(part);
    if (text.length > MAX_ECHO) throw new Refusal("HANDSHAKE_REFUSED", `the challenge has more than ${MAX_ECHO} characters`);
    return text;
  };
  const writeJson = async (value: unknown): Promise<unknown> => {
    if (value instanceof JsonTemplate) return write(value.template);
    if (Array.isArray(value)) return Promise.all(value.map(writeJson));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([key, item]) => [key, await writeJson(item)])));
  };
  const headers: Record<string, string> = {};
  if (reply.contentType !== undefined) {
    headers["content-type"] = reply.contentType;
    headers["x-content-type-options"] = "nosniff";
  }
  for (const [name, template] of reply.headers) {
    const value = await write(template);
    if (!HEADER_TEXT.test(value)) throw new Refusal("HANDSHAKE_REFUSED", `the answer's ${name} header cannot hold what was sent`);
    headers[name] = value;
  }
  const body =
    reply.text !== undefined ? await write(reply.text) : reply.json !== undefined ? JSON.stringify(await writeJson(reply.json)) : null;
  return { status: reply.status, headers, body };
}

/** Reads the secret that a handshake hands over. @throws Refusal `HANDSHAKE_REFUSED` */
export function readLearned(source: SourceReader, attempt: Attempt): string {
  const secret = attempt.read(source);
  if (secret === undefined || secret.trim() === "" || toWireBytes(secret).length > MAX_ECHO)
    throw new Refusal("HANDSHAKE_REFUSED", `${source.text} holds no secret of 1 to ${MAX_ECHO} bytes`);
  return secret;
}
