// The contestant of seats.bench.ts: what a good engineer writes in an afternoon. Bare Fastify and ioredis with the
// product's own seat scripts, and a check of the bearer. `plus`: with a cache of checked tokens and auto-pipelining.
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import Fastify, { type FastifyRequest } from 'fastify';
import { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { seatPoolOver } from '#licensing/testing';

interface Seat {
  tenantId: string;
  licenseId: string;
  seatId: string;
  device: string;
}

const { REDIS_URL = '', PUBLIC_KEY = '', PLUS, LICENSE_ID = '', TENANT_ID = '' } = process.env;
const isPlus = PLUS === '1';
const key = createPublicKey({ key: JSON.parse(PUBLIC_KEY) as JsonWebKey, format: 'jwk' });
const checked = new LRUCache<string, number>({ max: 5_000 });
const redis = new Redis(REDIS_URL, { enableAutoPipelining: isPlus });
const pool = seatPoolOver({ for: () => redis });
const CALLER = { userId: null, sessionId: null, traceId: '', address: null };

function bearer(request: FastifyRequest): boolean {
  const token = request.headers.authorization?.slice('Bearer '.length) ?? '';
  const expires = (isPlus ? checked.get(token) : undefined) ?? expiryOf(token);
  if (isPlus) checked.set(token, expires);
  return expires * 1000 > Date.now();
}

function expiryOf(token: string): number {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const signed = Buffer.from(`${header}.${payload}`);
  if (!verify('RSA-SHA256', signed, key, Buffer.from(signature, 'base64url'))) return 0;
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp: number }).exp;
}

const seatOf = (id: string): Seat => {
  const [seatId = '', device = ''] = id.split('.');
  return { tenantId: TENANT_ID, licenseId: LICENSE_ID, seatId, device };
};

const text = { type: 'string', maxLength: 256 } as const;
const body = (name: string) => ({
  body: { type: 'object', required: [name], additionalProperties: false, properties: { [name]: text } },
});
const app = Fastify();
let made = 0;

app.post<{ Body: { hardware_id: string } }>(
  '/api/v1/licenses/acquire',
  { schema: body('hardware_id') },
  async (request, reply) => {
    if (!bearer(request)) return reply.code(401).send();
    const device = Buffer.from(request.body.hardware_id).toString('hex').padEnd(32, '0').slice(0, 32);
    const seat = {
      tenantId: TENANT_ID,
      licenseId: LICENSE_ID,
      device,
      seatId: (++made).toString(16).padStart(32, 'b'),
    };
    const answer = await pool.acquire(seat, false, CALLER);
    if (answer.outcome !== 'held') return reply.code(409).send(answer);
    return {
      session_id: `${answer.seatId}.${device}`,
      expires_at: answer.expiresAt,
      heartbeat_interval_seconds: 150,
      seats: { used: answer.used, max: answer.max },
    };
  },
);

app.put<{ Body: { session_id: string } }>(
  '/api/v1/licenses/heartbeat',
  { schema: body('session_id') },
  async (request, reply) => {
    if (!bearer(request)) return reply.code(401).send();
    const answer = await pool.heartbeat(seatOf(request.body.session_id));
    if (answer.outcome !== 'held') return reply.code(409).send(answer);
    return {
      expires_at: answer.expiresAt,
      heartbeat_interval_seconds: 150,
      seats: { used: answer.used, max: answer.max },
    };
  },
);

app.delete<{ Body: { session_id: string } }>(
  '/api/v1/licenses/release',
  { schema: body('session_id') },
  async (request, reply) => {
    if (!bearer(request)) return reply.code(401).send();
    return {
      released: (await pool.release(seatOf(request.body.session_id), false, CALLER)).outcome === 'released',
    };
  },
);

await app.listen({ port: 0, host: '127.0.0.1' });
const address = app.server.address();
process.send?.({
  type: 'ready',
  url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
});
