/** The rules that words of a declaration are held against. */

import { isSeconds, LONGEST } from "../timestamp.js";

/** What a word may be, and how to say so. */
export type Rule = readonly [is: (value: unknown) => boolean, what: string];
export type Shape = Readonly<Record<string, Rule>>;

export const isText = (value: unknown): value is string => typeof value === "string";
export const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.length > 0 && [...value].every(isText);
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const anything: Rule = [() => true, ""];
export const text: Rule = [isText, "a text"];
const isSource = (value: unknown): boolean => isText(value) && value !== "";
export const source: Rule = [isSource, "a source"];
export const sources: Rule = [(value) => isSource(value) || isTexts(value), "a source, or several"];
export const object: Rule = [isObject, "an object"];
export const list: Rule = [(value) => Array.isArray(value) && value.length > 0, "a list"];
export const seconds: Rule = [isSeconds, `seconds, 0 to ${LONGEST}`];
export const whole = (least: number, most = Number.MAX_SAFE_INTEGER): Rule => [
  (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
  most === Number.MAX_SAFE_INTEGER ? "a whole number" : `${least} to ${most}`,
];
export const one = (...known: readonly unknown[]): Rule => [(value) => known.includes(value), `one of ${known.join(", ")}`];
export const METHOD = one("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS");
export const maybe = ([is, what]: Rule): Rule => [(value) => value === undefined || is(value), what];
export const a = (method: string, what: string): Rule => [
  (value) => typeof (value as Record<string, unknown> | undefined)?.[method] === "function",
  what,
];
export const words = (names: string): Shape => Object.fromEntries(names.split(" ").map((name) => [name, anything]));

/** Holds a value against a rule. @throws Error naming the word */
export function check(word: string, value: unknown, [is, what]: Rule): void {
  if (!is(value)) throw new Error(`${word}: expected ${what}`);
}

/** Holds an object's words against their rules; there are no others. */
export function checkAll(place: string, value: unknown, shape: Shape): void {
  check(place || "the declaration", value, object);
  const given = value as Readonly<Record<string, unknown>>;
  const at = place && `${place}.`;
  for (const word of Object.keys(given))
    if (given[word] !== undefined && !Object.hasOwn(shape, word)) throw new Error(`no such word: ${at}${word}`);
  for (const [word, rule] of Object.entries(shape)) check(at + word, given[word], rule);
}
