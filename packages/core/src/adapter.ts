/** For authors of adapters: translation between what a server hands over and what the verifier takes. Nothing here decides. */
export { checkVerifier } from "./adapter/check-verifier.js";
export { type EventSink, toHandler } from "./adapter/event-sink.js";
export { fromFetchRequest, type RequestOrigin, toResponse } from "./adapter/fetch-request.js";
export { takeHead } from "./adapter/held-end.js";
export { fromNodeRequest, type NodeRequest } from "./adapter/node-request.js";
export {
  closeAfterReply,
  denySuccess,
  isBrokenOff,
  isSuccess,
  type NodeResponse,
  outcomeOf,
  replyInstead,
  sendNodeReply,
  toFailedStatus,
} from "./adapter/node-response.js";
export { toFirstDelivery, toParsedBody } from "./adapter/parsed-body.js";
export { toRefusedDelivery } from "./adapter/refused-delivery.js";
export { serveHeld } from "./adapter/serve-held.js";
export { serveNext, toError } from "./adapter/serve-next.js";
export { seen } from "./seen.js";
export { type Served, serve } from "./serve.js";
export { unexpected } from "./unexpected.js";
