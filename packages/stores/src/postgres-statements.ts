/**
 * The operations in SQL, one statement each, for READ COMMITTED.
 *
 * A leased row holds its token, a done one none. A statement that waits for another's row lock still reads with the snapshot it began
 * with, so no decision rests on what a plain read saw, with one exception: a live row of another's refuses at once, which was true
 * when it was read. All else is decided in `ON CONFLICT DO UPDATE`, which sees the row as it is now, under its lock, and writes back
 * what it found where nothing is to change; `RETURNING` then tells what stands there.
 *
 * Key before mark, always: two statements never wait for each other in a ring. `clock_timestamp()` and not `now()`, which is the
 * transaction's beginning and would give a statement that waited a lease already spent.
 */

/** Statements over one table, whose name is quoted already. Parameters: key, token, tag, milliseconds; then the mark, then its own milliseconds. */
export function toStatements(table: string) {
  const later = (parameter: string) => `clock_timestamp() + ${parameter}::float8 * interval '1 millisecond'`;
  const put = (columns: string, time: string, keeps: string, from = "") => {
    const unless = (own: string, otherwise: string) => `CASE WHEN ${STANDS} AND ${keeps} THEN held.${own} ELSE ${otherwise} END`;
    return `
    INSERT INTO ${table} AS held (key, token, tag, until) SELECT ${columns}, ${time} ${from}
    ON CONFLICT (key) DO UPDATE SET
      token = ${unless("token", "excluded.token")}, tag = ${unless("tag", "excluded.tag")}, until = ${unless("until", time)}
    RETURNING token, tag, until`;
  };

  const another = "held.token IS DISTINCT FROM excluded.token";
  const lease = (key: string, from: string) => put(`${key}::text, $2::text, $3::text`, later("$4"), another, from);
  const done = (key: string, time: string, keeps: string, from = "") => put(`${key}::text, NULL::text, $3::text`, later(time), keeps, from);

  // Where a row is met that is done or held, nothing is written at all: a storm of duplicates only reads.
  const met = `FROM ${table} AS held WHERE key = $1::text AND ${STANDS} AND token IS DISTINCT FROM $2::text`;
  const key = `got AS (${lease("$1", `WHERE NOT EXISTS (SELECT ${met})`)})`;
  // A mark met done stays done. One met leased may be released before our own row is written, so it is read under its lock.
  const markDone = `SELECT FROM ${table} WHERE key = $5::text AND until > clock_timestamp() AND token IS NULL`;
  const mark = `marked AS (${lease("$5", `FROM got WHERE got.token = $2::text AND NOT EXISTS (${markDone})`)})`;
  const commitKey = `got AS (${done("$1", "$4", "held.token IS DISTINCT FROM $2::text")})`;
  const commitMark = `marked AS (${done("$5", "$6", "held.token IS NULL", "FROM got")})`;
  const alive = "token = $2::text AND until > clock_timestamp()";
  const own = `got AS (UPDATE ${table} SET token = NULL, tag = $3::text, until = ${later("$4")} WHERE key = $1::text AND ${alive} RETURNING key)`;

  return {
    claim: `WITH ${key} SELECT token, tag, ${left("got")} AS remaining FROM got
      UNION ALL SELECT token, tag, ${left("held")} ${met} AND NOT EXISTS (SELECT FROM got)`,
    claimMarked: `WITH ${key}, ${mark} SELECT got.token, got.tag, ${left("got")} AS remaining,
        CASE WHEN marked.token IS NULL THEN 'done' WHEN marked.token <> $2::text THEN 'running' END AS mark FROM got LEFT JOIN marked ON true
      UNION ALL SELECT token, tag, ${left("held")}, NULL ${met} AND NOT EXISTS (SELECT FROM got)`,
    commit: `WITH ${commitKey} SELECT token FROM got`,
    commitMarked: `WITH ${commitKey}, ${commitMark} SELECT got.token, (SELECT count(*)::int FROM marked) AS marks FROM got`,
    commitOwn: `WITH ${own} SELECT key FROM got`,
    commitOwnMarked: `WITH ${own}, ${commitMark} SELECT key, (SELECT count(*)::int FROM marked) AS marks FROM got`,
    renew: `UPDATE ${table} SET until = ${later("$3")} WHERE key = $1::text AND ${alive} RETURNING key`,
    renewMarked: `WITH got AS (UPDATE ${table} SET until = ${later("$3")} WHERE key = $1::text AND ${alive} RETURNING key),
      marked AS (UPDATE ${table} SET until = ${later("$3")} WHERE key = $4::text AND ${alive} AND EXISTS (SELECT FROM got))
      SELECT key FROM got`,
    release: `DELETE FROM ${table} WHERE key = $1::text AND token = $2::text`,
    // Counting the first makes it come first.
    releaseMarked: `WITH got AS (DELETE FROM ${table} WHERE key = $1::text AND token = $2::text RETURNING key)
      DELETE FROM ${table} WHERE key = $3::text AND token = $2::text AND (SELECT count(*) FROM got) >= 0`,
    // Pages are walked in order, so that no index on the time is needed, which every commit would have to keep.
    sweep: `WITH size AS (SELECT pg_relation_size('${table.replaceAll("'", "''")}'::regclass) / current_setting('block_size')::int AS pages),
      gone AS (DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ${table} WHERE ctid >= $1::text::tid AND ctid < $2::text::tid AND until <= clock_timestamp() FOR UPDATE SKIP LOCKED)))
      SELECT pages::int FROM size`,
    check: `SELECT key, token, tag, until FROM ${table} LIMIT 0`,
  };
}

/** Judged by the statement's beginning, so that all of a row is judged alike. What lapses while it waits for a lock still stands: that costs a try. */
const STANDS = "held.until > statement_timestamp()";

/** Milliseconds until another's lease ends. */
const left = (row: string) =>
  `CASE WHEN ${row}.token <> $2::text THEN extract(epoch FROM ${row}.until - clock_timestamp())::float8 * 1000 END`;
