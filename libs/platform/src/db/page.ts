export interface Page<Row> {
  data: Row[];
  /** null on the last page. */
  nextCursor: string | null;
}

/** A page of rows that were asked for with one more than `limit`: that one tells whether another page follows. */
export function pageOf<Row>(rows: readonly Row[], limit: number, cursorOf: (last: Row) => string): Page<Row> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return { data, nextCursor: rows.length > limit && last ? cursorOf(last) : null };
}
