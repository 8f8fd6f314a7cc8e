/**
 * The committed half of the memory store: done keys, each with its tag and times, packed into bytes.
 *
 * A million keys as JavaScript objects would weigh over 200 bytes each and burden every garbage collection. Here each is a record in
 * a log. Keys with equal times share a log, so that the order of commits is also the order in which protection and retention end:
 * a log grows at its tail, shrinks at its head, and nothing is ever searched through. The index is a linear hash: it grows by one
 * bucket at a time, never all at once.
 */

/** For how long a done key is kept, in milliseconds after its commit. */
export interface Times {
  readonly keep: number;
  /** Within this time it may not be evicted. */
  readonly protect: number;
  /** The key of a repeat: the first to make room, protected or not. */
  readonly repeat: boolean;
}

/** Done keys, by key and its hash. */
export interface Committed {
  size(): number;
  /** The tag of a live key. */
  find(key: string, hash: number, now: number): string | undefined;
  add(key: string, hash: number, tag: string, times: Times, now: number): void;
  /** Drops up to `most` keys whose time is over. */
  expire(now: number, most: number): void;
  /** Makes room for one key if that is allowed: an expired one, else the oldest of a repeat, else the oldest outside its protection. */
  evict(now: number): boolean;
}

/** 64 KiB in which records lie one after another, each starting at a multiple of eight bytes (a unit). */
interface Chunk {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
}

/** All keys of equal times, oldest first: from unit `head` of its first chunk to unit `tail` of its last. */
interface Log {
  readonly times: Times;
  readonly chunks: number[];
  head: number;
  tail: number;
}

const UNITS = 8192;
/** Buckets are allocated by the segment. */
const SEGMENT = 4096;
/** Records per bucket beyond which the index grows. */
const LOAD = 2;

// A record: when it ends (8 bytes), the next record of its bucket (4), hash (4), length of the key (1), length of the tag (1), both texts.
const NEXT = 2;
const HASH = 3;
const KEY_LENGTH = 16;
const TAG_LENGTH = 17;
const TEXT = 18;
/** In the byte of the key's length: the tag takes two bytes a character. */
const WIDE = 0x80;

/** Hashes a key for {@link Committed} (FNV-1a over all its characters: keys may differ anywhere). */
export function hashOf(key: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) | 0;
}

/** Makes an empty table of done keys. */
export function createCommitted(): Committed {
  const chunks: (Chunk | undefined)[] = [];
  const spare: number[] = [];
  const logs: Log[] = [];
  let turn = 0;
  let size = 0;

  // A bucket holds the address of its first record plus one; an address counts units over all chunks.
  const segments: Int32Array[] = [new Int32Array(SEGMENT)];
  let mask = SEGMENT - 1;
  let split = 0;

  const bucketOf = (hash: number): number => ((hash & mask) < split ? hash & (mask * 2 + 1) : hash & mask);
  const first = (bucket: number): number => segments[bucket >>> 12]![bucket & (SEGMENT - 1)]!;
  const setFirst = (bucket: number, link: number): void => {
    segments[bucket >>> 12]![bucket & (SEGMENT - 1)] = link;
  };
  const chunkAt = (address: number): Chunk => chunks[address >>> 13]!;
  const setNext = (address: number, link: number): void => {
    chunkAt(address).words[(address & (UNITS - 1)) * 2 + NEXT] = link;
  };

  /** Splits one bucket in two: the whole cost of growing. */
  const grow = (): void => {
    const upper = mask + 1 + split;
    if (upper >>> 12 === segments.length) segments.push(new Int32Array(SEGMENT));
    let link = first(split);
    setFirst(split, 0);
    while (link !== 0) {
      const { words } = chunkAt(link - 1);
      const word = ((link - 1) & (UNITS - 1)) * 2;
      const next = words[word + NEXT]!;
      const bucket = (words[word + HASH]! & (mask + 1)) === 0 ? split : upper;
      words[word + NEXT] = first(bucket);
      setFirst(bucket, link);
      link = next;
    }
    split += 1;
    if (split <= mask) return;
    mask = mask * 2 + 1;
    split = 0;
  };

  const logFor = (times: Times): Log => {
    for (const log of logs) {
      if (log.times.keep === times.keep && log.times.protect === times.protect && log.times.repeat === times.repeat) return log;
    }
    const log = { times, chunks: [], head: 0, tail: UNITS };
    logs.push(log);
    return log;
  };

  const append = (log: Log, units: number): number => {
    if (log.tail + units > UNITS) {
      // What is left of the chunk before stays zero; no key is empty, so its end can be told.
      const id = spare.pop() ?? chunks.length;
      const buffer = new ArrayBuffer(UNITS * 8);
      chunks[id] = { bytes: new Uint8Array(buffer), words: new Int32Array(buffer), doubles: new Float64Array(buffer) };
      log.chunks.push(id);
      log.tail = 0;
    }
    const address = log.chunks.at(-1)! * UNITS + log.tail;
    log.tail += units;
    return address;
  };

  const endOf = (log: Log): number => chunks[log.chunks[0]!]!.doubles[log.head]!;

  const unlink = (address: number, hash: number, next: number): void => {
    const bucket = bucketOf(hash);
    let link = first(bucket);
    if (link === address + 1) {
      setFirst(bucket, next);
      return;
    }
    for (;;) {
      const before = link - 1;
      link = chunkAt(before).words[(before & (UNITS - 1)) * 2 + NEXT]!;
      if (link !== address + 1) continue;
      setNext(before, next);
      return;
    }
  };

  /** Drops the oldest key of a log, and the log with its last key. */
  const drop = (log: Log): void => {
    const id = log.chunks[0]!;
    const { bytes, words } = chunks[id]!;
    unlink(id * UNITS + log.head, words[log.head * 2 + HASH]!, words[log.head * 2 + NEXT]!);
    log.head += unitsOf(bytes[log.head * 8 + KEY_LENGTH]!, bytes[log.head * 8 + TAG_LENGTH]!);
    size -= 1;
    const alone = log.chunks.length === 1;
    if (alone ? log.head < log.tail : (bytes[log.head * 8 + KEY_LENGTH] ?? 0) !== 0) return;
    log.chunks.shift();
    chunks[id] = undefined;
    spare.push(id);
    log.head = 0;
    if (alone) logs.splice(logs.indexOf(log), 1);
  };

  return {
    size: () => size,
    find(key, hash, now) {
      let link = first(bucketOf(hash));
      while (link !== 0) {
        const { bytes, words, doubles } = chunkAt(link - 1);
        const unit = (link - 1) & (UNITS - 1);
        if (words[unit * 2 + HASH] === hash && doubles[unit]! > now && hasKey(bytes, unit * 8, key)) return readTag(bytes, unit * 8);
        link = words[unit * 2 + NEXT]!;
      }
      return undefined;
    },
    add(key, hash, tag, times, now) {
      const keyLength = isWide(tag) ? key.length | WIDE : key.length;
      const address = append(logFor(times), unitsOf(keyLength, tag.length));
      const { bytes, words, doubles } = chunkAt(address);
      const unit = address & (UNITS - 1);
      const bucket = bucketOf(hash);
      doubles[unit] = now + times.keep;
      words[unit * 2 + NEXT] = first(bucket);
      words[unit * 2 + HASH] = hash;
      write(bytes, unit * 8, keyLength, key, tag);
      setFirst(bucket, address + 1);
      size += 1;
      if (size > LOAD * (mask + 1 + split)) grow();
    },
    expire(now, most) {
      let left = most;
      for (let looked = logs.length; looked > 0 && logs.length > 0; looked--) {
        turn = (turn + 1) % logs.length;
        const log = logs[turn]!;
        while (log.chunks.length > 0 && endOf(log) <= now) {
          if (left === 0) return;
          drop(log);
          left -= 1;
        }
      }
    },
    evict(now) {
      let best: Log | undefined;
      let bestRank = Number.POSITIVE_INFINITY;
      for (const log of logs) {
        const end = endOf(log);
        const { keep, protect, repeat } = log.times;
        if (!repeat && end > now && end - keep + protect > now) continue;
        // Expired before repeats before others; the older commit first among equals.
        const rank = (end <= now ? 0 : repeat ? 1 : 2) * Number.MAX_SAFE_INTEGER + (end - keep);
        if (rank >= bestRank) continue;
        best = log;
        bestRank = rank;
      }
      if (best !== undefined) drop(best);
      return best !== undefined;
    },
  };
}

/** How many units a record takes. */
function unitsOf(keyLength: number, tagLength: number): number {
  const text = keyLength & WIDE ? (keyLength & ~WIDE) + tagLength * 2 : keyLength + tagLength;
  return (TEXT + text + 7) >>> 3;
}

/** Whether a text has characters of more than a byte. */
export function isWide(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return true;
  return false;
}

function write(bytes: Uint8Array, at: number, keyLength: number, key: string, tag: string): void {
  bytes[at + KEY_LENGTH] = keyLength;
  bytes[at + TAG_LENGTH] = tag.length;
  let to = at + TEXT;
  for (let i = 0; i < key.length; i++) bytes[to++] = key.charCodeAt(i);
  for (let i = 0; i < tag.length; i++) {
    bytes[to++] = tag.charCodeAt(i);
    if (keyLength & WIDE) bytes[to++] = tag.charCodeAt(i) >>> 8;
  }
}

function hasKey(bytes: Uint8Array, at: number, key: string): boolean {
  if ((bytes[at + KEY_LENGTH]! & ~WIDE) !== key.length) return false;
  for (let i = 0; i < key.length; i++) if (bytes[at + TEXT + i] !== key.charCodeAt(i)) return false;
  return true;
}

function readTag(bytes: Uint8Array, at: number): string {
  const wide = (bytes[at + KEY_LENGTH]! & WIDE) !== 0;
  let from = at + TEXT + (bytes[at + KEY_LENGTH]! & ~WIDE);
  let tag = "";
  for (let left = bytes[at + TAG_LENGTH]!; left > 0; left--) {
    tag += String.fromCharCode(wide ? bytes[from]! | (bytes[from + 1]! << 8) : bytes[from]!);
    from += wide ? 2 : 1;
  }
  return tag;
}
