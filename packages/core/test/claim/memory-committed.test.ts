import { describe, expect, it } from "vitest";
import { createCommitted, hashOf, type Times } from "../../src/claim/memory-committed.js";

const timesOf = (more: Partial<Times> = {}): Times => ({ keep: 1000, protect: 0, repeat: false, ...more });

describe("createCommitted", () => {
  it("tells keys of one hash apart, by their length and by any character", () => {
    const committed = createCommitted();
    for (const key of ["ab", "ac", "bb", "abc"]) committed.add(key, 7, `tag of ${key}`, timesOf(), 0);
    for (const key of ["ab", "ac", "bb", "abc"]) expect(committed.find(key, 7, 0)).toBe(`tag of ${key}`);
    for (const key of ["a", "ad", "abd", "abcd"]) expect(committed.find(key, 7, 0)).toBeUndefined();
    expect(committed.find("ab", 8, 0)).toBeUndefined();
  });

  it("drops as many expired keys as it is told to, of all times in turn, and no living one", () => {
    const committed = createCommitted();
    for (let i = 0; i < 5; i++) {
      committed.add(`short ${i}`, i, "", timesOf({ keep: 10 }), 0);
      committed.add(`long ${i}`, i, "", timesOf({ keep: 20 }), 0);
      committed.add(`living ${i}`, i, "", timesOf({ keep: 21 }), 0);
    }
    const sizes = Array.from({ length: 5 }, () => {
      committed.expire(20, 3);
      return committed.size();
    });
    expect(sizes).toEqual([12, 9, 6, 5, 5]);
    for (let i = 0; i < 5; i++) expect(committed.find(`living ${i}`, i, 20)).toBe("");
  });

  it("drops what is expired behind keys of other times that live", () => {
    const committed = createCommitted();
    for (const keep of [30, 10, 31, 20]) committed.add(`${keep}`, keep, "", timesOf({ keep }), 0);
    for (let i = 0; i < 2; i++) committed.expire(20, 3);
    expect(committed.size()).toBe(2);
  });

  it("makes room with what is expired, then with the oldest repeat, then with the oldest outside its protection", () => {
    const committed = createCommitted();
    const add = (key: string, more: Partial<Times>, now: number): void => committed.add(key, 1, "", timesOf(more), now);
    add("protected", { protect: 900 }, 0);
    add("old", { keep: 2000 }, 1);
    add("repeat", { repeat: true, protect: 900 }, 2);
    add("expired", { keep: 5 }, 3);
    const present = (now: number): string[] =>
      ["protected", "old", "repeat", "expired"].filter((key) => committed.find(key, 1, now) !== undefined);
    expect(present(7)).toHaveLength(4);
    expect([committed.evict(8), committed.size(), present(7)]).toEqual([true, 3, ["protected", "old", "repeat"]]);
    expect([committed.evict(8), present(8)]).toEqual([true, ["protected", "old"]]);
    expect([committed.evict(8), present(8)]).toEqual([true, ["protected"]]);
    expect([committed.evict(899), committed.evict(900), committed.evict(900), committed.size()]).toEqual([false, true, false, 0]);
  });
});

describe("hashOf", () => {
  it("changes with any character, and with the seed", () => {
    const hashes = ["abcd", "xbcd", "axcd", "abxd", "abcx", "abc", ""].map((key) => hashOf(key, 1));
    expect(new Set([...hashes, hashOf("abcd", 2)]).size).toBe(8);
  });
});
