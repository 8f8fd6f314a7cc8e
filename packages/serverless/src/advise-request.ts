const ANY = "pass the Request of the Web APIs";
const HONO = "pass the request that is in it: (c) => hook(c.req.raw)";

/** Where the events and contexts of frameworks keep the `Request` that they are about, and how to pass it. */
const PLACES: readonly (readonly [path: readonly string[], advice: string])[] = [
  [["request"], "pass the request that is in it: ({ request }) => hook(request)"],
  [["req", "raw"], HONO],
  [["req"], "pass the request that is in it: (event) => hook(event.req)"],
  [["node", "req"], "pass the request that it is about: (event) => hook(toWebRequest(event))"],
];

/** Tells what to pass in place of what is no `Request`, such as a framework's event or context. Answers `undefined` for a `Request`. */
export function adviseRequest(given: unknown): string | undefined {
  if (!isRequest(given)) return noRequest(PLACES.find(([path]) => isWithin(given, path))?.[1] ?? ANY);
  // a framework's own request has the method and URL of the one that is in it: Hono's, Fastify's, Koa's context
  const inner = fieldOf(given, "raw") ?? fieldOf(given, "req");
  if (isNodeRequest(given) || isNodeRequest(inner)) return NODE_REQUEST;
  return isRequest(inner) ? noRequest(HONO) : undefined;
}

/** h3 1 has Node's own request in two places, and tells by the second. */
function isWithin(given: unknown, path: readonly string[]): boolean {
  const found = path.reduce(fieldOf, given);
  return isRequest(found) && (path[0] === "node" || !isNodeRequest(found));
}

function noRequest(advice: string): string {
  return `what was passed is no Request; ${advice}`;
}

/** Tells a request by what is cheap to look at: some servers make the headers when somebody asks for them. */
export function isRequest(value: unknown): boolean {
  return typeof fieldOf(value, "method") === "string" && typeof fieldOf(value, "url") === "string";
}

/** Who calls with one has a response of Node's too, waits for that to be answered, and looks at no `Response`. */
function isNodeRequest(value: unknown): boolean {
  return fieldOf(value, "rawHeaders") !== undefined;
}

const NODE_REQUEST =
  "what was passed is Node's own request, where nobody sends a Response; export the handler by its method (export const POST = hook), or take the framework's adapter, such as @countersign/express";

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
