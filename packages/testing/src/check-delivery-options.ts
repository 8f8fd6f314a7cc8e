import type { DeliveryOptions } from "./delivery.js";

type Rule = readonly [is: (value: unknown) => boolean, what: string];

const TEXT: Rule = [(value) => typeof value === "string", "a text"];
const ANYTHING: Rule = [() => true, ""];

const RULES: Readonly<Record<keyof DeliveryOptions, Rule>> = {
  payload: ANYTHING,
  id: TEXT,
  type: TEXT,
  timestamp: [(value) => Number.isFinite(value instanceof Date ? value.getTime() : value), "a Date or epoch milliseconds"],
  privateKey: ANYTHING,
  scheme: ANYTHING,
  method: TEXT,
  url: TEXT,
  headers: [(value) => isObject(value) && Object.values(value).every(TEXT[0]), "names with a text each"],
};

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Checks what `signDelivery` was given: an option that nobody reads, such as `body`, would sign something else than was meant.
 * @throws Error naming the option and what is expected
 */
export function checkDeliveryOptions(options: unknown): void {
  if (!isObject(options)) throw new Error("signDelivery: expected an object of options, such as { payload }");
  for (const [option, value] of Object.entries(options)) {
    if (!Object.hasOwn(RULES, option))
      throw new Error(`signDelivery: no such option: ${option}; known are ${Object.keys(RULES).join(", ")}`);
    const [is, what] = RULES[option as keyof DeliveryOptions];
    if (value !== undefined && !is(value)) throw new Error(`signDelivery: ${option}: expected ${what}`);
  }
}
