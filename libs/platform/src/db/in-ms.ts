/** In SQL: so many ms from now, by Postgres's clock. `ms`: a parameter, like `$2`. */
export const inMs = (ms: string): string => `clock_timestamp() + ${ms}::int * interval '1 millisecond'`;
