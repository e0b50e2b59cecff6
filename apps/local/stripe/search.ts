import { invalidRequest } from './errors.js';

/** https://docs.stripe.com/search#search-query-language: clauses joined by AND or by OR, not by both. */
const CLAUSE =
  // eslint-disable-next-line security/detect-unsafe-regex -- what is asked here comes from this machine alone
  /^\s*(-?)(\w+)(?:\[["']([^"']+)["']\])?\s*(:|~|>=|<=|>|<)\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(null|-?\d+))\s*(AND|OR|$)?\s*/i;

interface Clause {
  negated: boolean;
  field: string;
  key: string | undefined;
  operator: string;
  value: string | null;
}

/** A filter for the query. Throws for one that Stripe would not understand, or with fields that cannot be searched. */
export function searchFilter(query: string, fields: readonly string[]): (object: object) => boolean {
  const { clauses, any } = parse(query);
  for (const { field } of clauses)
    if (!fields.includes(field))
      throw invalidRequest(`Field \`${field}\` is an unsupported search field for resource.`, 'query');
  return (object) => {
    const holds = (clause: Clause) => matches(clause, object as Record<string, unknown>) !== clause.negated;
    return any ? clauses.some(holds) : clauses.every(holds);
  };
}

function parse(query: string): { clauses: Clause[]; any: boolean } {
  const clauses: Clause[] = [];
  const joins = new Set<string>();
  for (let rest = query.trim(); rest !== '';) {
    const found = CLAUSE.exec(rest);
    if (!found) throw invalidRequest(`We were unable to parse your search query: ${query}`, 'query');
    const [whole, minus, field = '', key, operator = ':', double, single, bare, join] = found;
    const quoted = double ?? single;
    const value = quoted === undefined ? (bare === 'null' ? null : bare!) : quoted.replaceAll(/\\(.)/g, '$1');
    clauses.push({ negated: minus === '-', field, key, operator, value });
    if (join) joins.add(join.toUpperCase());
    rest = rest.slice(whole.length);
  }
  if (clauses.length === 0 || joins.size > 1)
    throw invalidRequest('You cannot combine AND and OR in the same query.', 'query');
  return { clauses, any: joins.has('OR') };
}

function matches({ field, key, operator, value }: Clause, object: Record<string, unknown>): boolean {
  const whole = object[field];
  const found = key === undefined ? whole : (whole as Record<string, unknown> | undefined)?.[key];
  if (value === null) return found === undefined || found === null;
  if (found === undefined || found === null) return false;
  if (operator === ':') return String(found).toLowerCase() === value.toLowerCase();
  if (operator === '~') return String(found).toLowerCase().includes(value.toLowerCase());
  const [left, right] = [Number(found), Number(value)];
  if (operator === '>') return left > right;
  if (operator === '>=') return left >= right;
  if (operator === '<') return left < right;
  return left <= right;
}
