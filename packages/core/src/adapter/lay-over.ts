/** A method of a response, as one puts another in its place. */
export type Method = (...values: unknown[]) => unknown;

/**
 * Makes a function that lays methods over those of a response, its own and its prototype's, and answers how to take them away again.
 *
 * Express gives every response a prototype of the app's, which makes each property that is set on it dear: one more prototype costs a
 * fifth of seven methods.
 */
export function createOverlay(methods: Readonly<Record<string, Method>>): (response: object) => () => void {
  const names = Object.keys(methods);
  /** Prototypes of responses, with the methods over them. */
  const overlays = new WeakMap<object, object>();
  return (response) => {
    const prototype = Object.getPrototypeOf(response) as object;
    let overlay = overlays.get(prototype);
    if (overlay === undefined) {
      overlay = Object.assign(Object.create(prototype) as object, methods);
      overlays.set(prototype, overlay);
    }
    Object.setPrototypeOf(response, overlay);
    const record = response as Record<string, Method | undefined>;
    // what is its own comes before the prototype
    let own: Record<string, Method | undefined> | undefined;
    for (const name of names) {
      if (!Object.hasOwn(response, name)) continue;
      own ??= {};
      own[name] = record[name];
      record[name] = methods[name];
    }
    return () => {
      // a mounted app of Express may have changed it meanwhile
      if (Object.getPrototypeOf(response) === overlay) Object.setPrototypeOf(response, prototype);
      if (own !== undefined) Object.assign(response, own);
    };
  };
}
