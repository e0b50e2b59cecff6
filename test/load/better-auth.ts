// A contestant of identity.bench.ts: better-auth as its documentation starts it, on Node's own HTTP server and the same
// Postgres, with one person signed in. `COOKIE_CACHE=1`: with its signed cookie, which spares it the database.
import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import pg from 'pg';

const { DATABASE_URL = '', COOKIE_CACHE } = process.env;

const options = {
  baseURL: 'http://127.0.0.1',
  secret: 'a benchmark keeps nothing secret, and signs its cookies',
  database: new pg.Pool({ connectionString: DATABASE_URL, max: 10 }),
  emailAndPassword: { enabled: true },
  session: { cookieCache: { enabled: COOKIE_CACHE === '1', maxAge: 3_600 } },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
};
if (COOKIE_CACHE !== '1') await (await getMigrations(options)).runMigrations();
const auth = betterAuth(options);

const server = createServer((request, response) => void toNodeHandler(auth)(request, response));
server.listen(0, '127.0.0.1', () => void ready());

async function ready(): Promise<void> {
  const body = {
    name: 'Ada',
    email: `ada-${process.pid}@acme.example`,
    password: 'velvet otter marches nine',
  };
  const { headers } = await auth.api.signUpEmail({ body, returnHeaders: true });
  const cookie = headers
    .getSetCookie()
    .map((one) => one.split(';', 1)[0])
    .join('; ');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  process.send?.({ type: 'ready', url: `http://127.0.0.1:${port}`, cookie });
}
