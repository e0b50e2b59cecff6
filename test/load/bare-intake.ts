// The contestant of billing-events.drill.ts: a route that puts a body into a table, and checks nothing.
import Fastify from 'fastify';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
await pool.query('create schema bare; create table bare.events (id text primary key, payload text not null)');

const app = Fastify();
app.post<{ Body: { id: string } }>('/', async ({ body }) => {
  await pool.query('insert into bare.events (id, payload) values ($1, $2) on conflict do nothing', [
    body.id,
    JSON.stringify(body),
  ]);
  return { received: true };
});
process.send?.({ type: 'ready', url: await app.listen({ port: 0, host: '127.0.0.1' }) });
