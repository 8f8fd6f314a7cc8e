import type { ServerResponse } from "node:http";
import { takeHead } from "@countersign/core/adapter";

/** Methods by which a response begins to leave. */
const METHODS = ["writeHead", "flushHeaders", "write", "end"] as const;

type Method = (...values: unknown[]) => unknown;

/**
 * Holds a response back until it is judged. Nest's interceptors see neither what a filter answers nor what `@Res()` does, and Fastify's
 * hooks cannot be set by a decorator; the methods of Node's response see everything, on both platforms.
 *
 * @param judge called once, with the status that is about to be sent; fulfils with something that sends in the response's place, or
 *   with `undefined` to let it go
 * @param onCallback called when somebody asks to be called back once a part of it is sent
 * @returns a function that lets go of a response that has not begun; it answers whether that was so
 */
export function holdResponse(
  response: ServerResponse,
  judge: (status: number) => Promise<(() => void) | undefined>,
  onCallback: () => void,
): () => boolean {
  const methods = response as unknown as Record<(typeof METHODS)[number], Method>;
  const { on } = response;
  const own = { on, writeHead: methods.writeHead, flushHeaders: methods.flushHeaders, write: methods.write, end: methods.end };
  const drained: Method[] = [];
  const held: { readonly name: (typeof METHODS)[number]; readonly values: unknown[] }[] = [];
  let restoreHead = (): void => {};
  const letGo = (): boolean => {
    if (held.length > 0) return false;
    Object.assign(response, own);
    return true;
  };

  const replay = (): void => {
    let isFull = false;
    restoreHead();
    for (const { name, values } of held) {
      // what is written to a closed socket is an error event that nobody awaits
      if (response.destroyed && name !== "end") continue;
      const returned = own[name].apply(response, values);
      if (name === "write") isFull = returned === false;
    }
    if (!isFull) for (const listener of drained) listener.call(response);
  };

  // heard here, since compression keeps those who wait for it from the response, and gives them to a stream of its own
  response.on = ((name: string, listener: Method) => {
    if (name === "drain") {
      drained.push(listener);
      onCallback();
    }
    return on.call(response, name, listener);
  }) as typeof on;

  for (const name of METHODS) {
    methods[name] = (...values) => {
      if (typeof values.at(-1) === "function") onCallback();
      // a filter that answers for a handler which threw behind its own answer comes too late, as it does without us
      if (held.at(-1)?.name === "end") return response;
      // Fastify passes the headers that it keeps, and goes on changing them
      held.push({ name, values: name === "writeHead" ? values.map(toCopy) : values });
      if (held.length === 1) {
        // nobody could change status and headers any more, if it had left
        restoreHead = takeHead(response);
        // whoever looks must believe that it was sent, else Fastify sends again
        Object.defineProperty(response, "headersSent", { configurable: true, get: () => true });
        const status = name === "writeHead" ? (values[0] as number) : response.statusCode;
        void judge(status).then((sendInstead) => {
          Reflect.deleteProperty(response, "headersSent");
          Object.assign(response, own);
          if (sendInstead === undefined) replay();
          else sendInstead();
        });
      }
      return name === "write" ? false : response;
    };
  }
  return letGo;
}

/** Copies what `writeHead` takes: a record or a list of headers, and what cannot change anyway. */
function toCopy(value: unknown): unknown {
  if (Array.isArray(value)) return [...value];
  return typeof value === "object" && value !== null ? { ...value } : value;
}
