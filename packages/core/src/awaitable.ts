/** A value that is at hand on some platforms, and a promise on others. */
export type Awaitable<T> = T | Promise<T>;

/** Goes on at once where the value is at hand: a turn of the event loop for nothing is the dearest step of a check. */
export function andThen<A, B>(value: Awaitable<A>, next: (value: A) => Awaitable<B>): Awaitable<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** The first answer that is one, asked for item by item: `undefined` is none. */
export function firstOf<I, A>(items: readonly I[], ask: (item: I) => Awaitable<A | undefined>, from = 0): Awaitable<A | undefined> {
  for (let i = from; i < items.length; i++) {
    const answer = ask(items[i] as I);
    if (answer instanceof Promise) return answer.then((found) => found ?? firstOf(items, ask, i + 1));
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/** Makes an answer of a failure, at once or by rejection; `recover` may throw it on. */
export function recovered<A>(ask: () => Awaitable<A>, recover: (error: unknown) => A): Awaitable<A> {
  try {
    const answer = ask();
    return answer instanceof Promise ? answer.catch(recover) : answer;
  } catch (error) {
    return recover(error);
  }
}
