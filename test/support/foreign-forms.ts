import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiModule } from '../../apps/api/api.module.js';
import { controllersOf, declaredRoutes } from '#platform';

const PAGES = 'apps/api/pages';

/**
 * What each form of the pages takes that may name something of an organisation's. The rest are secrets that only whoever
 * they were sent to holds, or who somebody says they are: no ids.
 */
export const FORMS: Record<string, readonly string[]> = {
  '/account/organization': ['tenant_id'],
  '/account/verification': [],
  '/consent': [],
  '/device': [],
  '/device/answer': [],
  '/invite': [],
  '/invite/answer': ['invitation_id'],
  '/link-identity': [],
  '/login': [],
  '/login/authenticator': [],
  '/login/code': [],
  '/login/organization': ['invitation_id'],
  '/logout': [],
  '/reset': [],
  '/reset/password': [],
  '/signup': [],
  '/signup/invited': ['invitation_id'],
  '/signup/newcomer': ['invitation_id'],
  '/verify': [],
};

/** Fields of forms that name nobody's thing. */
const NO_IDS = [
  'as',
  ...['answer', 'code', 'email', 'next', 'password', 'organization_name', 'request', 'token', 'user_code'],
  ...['form_token', 'viewport'],
];

/** The forms that the API serves, as its controllers declare them. */
export async function formRoutes(): Promise<string[]> {
  const routes = declaredRoutes(await controllersOf(ApiModule));
  return routes
    .filter(({ endpoint }) => endpoint.page && endpoint.form)
    .map(({ path }) => path)
    .sort();
}

/** Fields that the pages write into forms or read from what is sent, and that stand nowhere here. */
export function unknownFields(): string[] {
  const known = new Set([...NO_IDS, ...Object.values(FORMS).flat()]);
  const fields = readdirSync(PAGES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .flatMap((file) => fieldsIn(readFileSync(join(PAGES, file), 'utf8')));
  return [...new Set(fields)].filter((field) => !known.has(field));
}

/** As they are written into a form, given to what writes one, or read: `sent.answer`, `const { answer } = visit.sent`. */
export function fieldsIn(source: string): string[] {
  const single = [...source.matchAll(/\bname(?:="|: ')(\w+)["']|\bsent\.(\w+)\b(?!\.js)/g)];
  const several = [...source.matchAll(/\{([^{}]*)\} = (?:\w+\.)*sent\b/g)];
  return [
    ...single.map(([, written, read]) => written ?? read!),
    ...several.flatMap(([, names = '']) => names.split(',').flatMap((one) => /\w+/.exec(one) ?? [])),
  ];
}
