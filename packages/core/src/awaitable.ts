/** A value that is at hand on some platforms, and a promise on others. */
export type Awaitable<T> = T | Promise<T>;

/** Goes on at once where the value is at hand: a turn of the event loop for nothing is the dearest step of a check. */
export function andThen<A, B>(value: Awaitable<A>, next: (value: A) => Awaitable<B>): Awaitable<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}
