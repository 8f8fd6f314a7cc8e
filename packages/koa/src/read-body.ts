import type { Delivery } from "@countersign/core";
import { toParsedBody } from "@countersign/core/adapter";
import type { ParameterizedContext } from "koa";

/** Where a body parser may have left a body, on Koa's request or on Node's. */
interface Left {
  readonly rawBody?: unknown;
  readonly body?: unknown;
}

/** Where `koa-body` with `includeUnparsed` has kept its text before it had `rawBody`: on the object that it parsed from it. */
const UNPARSED = Symbol.for("unparsedBody");

/** Finds the bytes or the text of a body that a parser has read, and kept on Koa's own request; `undefined` where the stream is still to be read. */
export function toReadBody({ req, request }: ParameterizedContext): Delivery["body"] {
  const { rawBody, body } = request as Left;
  if (isText(rawBody)) return { rawBody };
  if (req.readableDidRead !== true) return undefined;
  const kept = isText(body) ? body : (body as { readonly [UNPARSED]?: unknown } | null | undefined)?.[UNPARSED];
  if (isText(kept)) return { rawBody: kept };
  const node = req as Left;
  return isText(node.rawBody) || isText(node.body) ? undefined : toParsedBody(UNKEPT);
}

function isText(left: unknown): left is Uint8Array | string {
  return typeof left === "string" || left instanceof Uint8Array;
}

const UNKEPT =
  "a body parser in front read the body, and kept neither its bytes nor its text; mount the webhook route before it, or let it keep the text as ctx.request.rawBody (@koa/bodyparser does so, koa-body does with includeUnparsed: true)";
