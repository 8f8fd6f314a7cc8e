import type { ServerResponse } from "node:http";

/** Methods by which a response begins to leave. */
const METHODS = ["writeHead", "flushHeaders", "write", "end"] as const;

type Method = (...values: unknown[]) => unknown;

/**
 * Holds a response back until it is judged. Nest's interceptors see neither what a filter answers nor what `@Res()` does, and Fastify's
 * hooks cannot be set by a decorator; the methods of Node's response see everything, on both platforms.
 *
 * @param judge called once, with the status that is about to be sent; fulfils with something that sends in the response's place, or
 *   with `undefined` to let it go
 * @returns a function that lets go of a response that has not begun; it answers whether that was so
 */
export function holdResponse(response: ServerResponse, judge: (status: number) => Promise<(() => void) | undefined>): () => boolean {
  const methods = response as unknown as Record<(typeof METHODS)[number], Method>;
  const own = { writeHead: methods.writeHead, flushHeaders: methods.flushHeaders, write: methods.write, end: methods.end };
  const held: { readonly name: (typeof METHODS)[number]; readonly values: unknown[] }[] = [];
  const letGo = (): boolean => {
    if (held.length > 0) return false;
    Object.assign(response, own);
    return true;
  };

  const replay = (): void => {
    let isFull = false;
    for (const { name, values } of held) {
      // what is written to a closed socket is an error event that nobody awaits
      if (response.destroyed && name !== "end") continue;
      const returned = own[name].apply(response, values);
      if (name === "write") isFull = returned === false;
    }
    if (!isFull) response.emit("drain");
  };

  for (const name of METHODS) {
    methods[name] = (...values) => {
      held.push({ name, values });
      if (held.length === 1) {
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
