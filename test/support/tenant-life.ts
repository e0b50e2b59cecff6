import { gunzipSync } from 'node:zlib';
import { eventually } from './eventually.js';
import { type RegisteredBody, type SeatBody, signUp, succeed } from './person.js';
import type { Product } from './product.js';
import { serviceAccountsOf } from './service-accounts.js';

/** As the wire has it. */
export interface ExportBody {
  id: string;
  status: string;
  progress: { done: number; total: number | null };
  size: number | null;
  sha256: string | null;
  failure: string | null;
  ended_at: string | null;
}

/** Handlers, retries and the sweeper in a hurry; a worker that was killed is noticed soon. */
export const HASTY = {
  EVENTS_RETRY_MS: '50',
  EVENTS_RETRY_MAX_MS: '500',
  EVENTS_CLAIM_MS: '1500',
  EVENTS_LOCK_MS: '1500',
  EVENTS_STALLED_MS: '500',
  EVENTS_SWEEP_MS: '200',
  EVENTS_SWEEP_AFTER_MS: '700',
};

/** A machine that is busy with other tests. */
export const PATIENT = { withinMs: 90_000 };

export interface LivelyTenant {
  owner: RegisteredBody & { idToken: string };
  email: string;
  seat: SeatBody;
  apiKey: string;
}

/** An organisation with a seat, some use, and a service account with a key. */
export async function livelyTenant(product: Product, name: string): Promise<LivelyTenant> {
  const email = `${name}-${Date.now()}@acme.example`;
  const owner = await signUp(product.api.url, { email, organization: `${name} Works` });
  const bearer = owner.access_token;
  const seat = await succeed<SeatBody>(`${product.v1}/licenses/acquire`, {
    bearer,
    body: { hardware_id: `desk of ${name}` },
  });
  const accounts = serviceAccountsOf(product.api.url, bearer);
  const account = await accounts.create(['audit:read'], { name: `robot of ${name}` });
  const { key } = await accounts.createKey(account.id);
  return { owner, email, seat, apiKey: key };
}

/** Once nothing of the tenant is on its way any more. */
export const settled = (product: Product, tenantId: string) =>
  eventually(async () => {
    const open = await product.query(
      'select 1 from platform.outbox where tenant_id = $1 and settled_at is null',
      [tenantId],
    );
    expect(open).toEqual([]);
  }, PATIENT);

/** Many old entries of the trail that cannot be compressed. */
export const fillTrail = (product: Product, tenantId: string, entries: number) =>
  product.query(
    `insert into audit.entries (tenant_id, id, actor_type, action, outcome, metadata, trace_id, created_at)
     select $1, 'aud_filler-' || n, 'system', 'FILLER', 'success',
       jsonb_build_object('a', gen_random_uuid(), 'b', gen_random_uuid(), 'c', gen_random_uuid()), '',
       now() - interval '40 days' + n * interval '1 second'
     from generate_series(1, $2::int) n`,
    [tenantId, entries],
  );

type Line = Record<string, unknown> & { kind: string };

/** The lines of an export's file. */
export const linesOf = (file: Uint8Array): Line[] =>
  gunzipSync(file)
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

/** The file of an export, or the part that `range` asks for. */
export async function fetchFile(
  product: Product,
  bearer: string,
  id: string,
  range?: string,
): Promise<{ response: Response; bytes: Uint8Array }> {
  const response = await fetch(`${product.v1}/tenant/exports/${id}/file`, {
    headers: { authorization: `Bearer ${bearer}`, ...(range ? { range } : {}) },
  });
  return { response, bytes: new Uint8Array(await response.arrayBuffer()) };
}
