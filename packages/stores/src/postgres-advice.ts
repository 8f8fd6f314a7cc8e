/** What can only be mended by hand, by the code PostgreSQL gives it. */

/** The option, or `client`, that is at fault, and how to mend it. */
export interface Advice {
  readonly option: string;
  readonly fix: string;
}

const ABSENT: Advice = {
  option: "table",
  fix: "the claims table does not exist; call store.migrate() at start, or run migrations/postgres.sql of @countersign/stores.",
};
const FOREIGN: Advice = {
  option: "table",
  fix: "a table of this name exists and is not the one postgresStore makes; choose another name.",
};
const UNPREPARED: Advice = { option: "prepare", fix: "a pooler in between loses prepared statements; pass prepare: false." };

const ADVICE = new Map<unknown, Advice>([
  ["42P01", ABSENT],
  ["3F000", ABSENT],
  // A column that is absent, of another type, too short, or not ours; a table without its primary key.
  ...["42703", "42P10", "42804", "42883", "22001", "23502"].map((code) => [code, FOREIGN] as const),
  ["26000", UNPREPARED],
  ["42P05", UNPREPARED],
  [
    "42501",
    {
      option: "table",
      fix: "this role may not use the claims table; grant it SELECT, INSERT, UPDATE and DELETE, USAGE on its schema, and a policy where row-level security is on.",
    },
  ],
]);

const MIGRATION_ADVICE = new Map<unknown, Advice>([
  ["25006", { option: "client", fix: "this connection may only read (a replica, or set up to); connect to the primary, for writing." }],
  [
    "42501",
    {
      option: "schema",
      fix: "this role may not create the claims table; grant it USAGE and CREATE on the schema (CREATE on the database, where the schema is to be created too), or run migrations/postgres.sql as the owner.",
    },
  ],
  ["3F000", { option: "schema", fix: "the connection's search_path names no schema that exists; set `schema` to the one for the table." }],
]);

/** Advises on an operation's failure. */
export function toAdvice(code: unknown): Advice | undefined {
  return ADVICE.get(code);
}

/** Advises on a migration's failure. */
export function toMigrationAdvice(code: unknown): Advice | undefined {
  return MIGRATION_ADVICE.get(code);
}
