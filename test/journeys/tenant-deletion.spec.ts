import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { mailsTo } from '../support/mail.js';
import { promised } from '../support/patience.js';
import { type AuditBody, call, type ErrorBody, refusal, signUp, succeed } from '../support/person.js';
import type { ProductProcess } from '../support/product.js';
import { fillTrail, HASTY, livelyTenant, PATIENT, settled } from '../support/tenant-life.js';
import { digestOf, rowsOf } from '../support/tenant-rows.js';

const PATIENCE_MS = 300_000;

const product = journeyProduct(HASTY);
let worker: ProductProcess;
beforeAll(() => void (worker = product.worker));

const remove = (bearer: string, slug: string) =>
  call<ErrorBody & { deletes_at: string }>(`${product.v1}/tenant`, {
    method: 'DELETE',
    bearer,
    body: { slug },
  });
const restore = (bearer: string) =>
  call<ErrorBody>(`${product.v1}/tenant/restore`, { method: 'POST', bearer });
/** Thirty days later, and two more in which no worker was there. */
const letTimePass = (tenantId: string) =>
  product.query(`update tenancy.tenants set deletes_at = now() - interval '2 days' where tenant_id = $1`, [
    tenantId,
  ]);

describe('an organisation is deleted', () => {
  it(
    'when its owner names it, after days in which everything works and it may be taken back',
    async () => {
      const { owner, email, seat } = await livelyTenant(product, 'wavering');
      const bearer = owner.access_token;
      expect(refusal(await remove(bearer, 'another'))).toEqual([422, 'SLUG_MISMATCH']);
      expect(refusal(await restore(bearer))).toEqual([409, 'DELETION_NOT_PENDING']);
      const asked = await remove(bearer, owner.tenant.slug);
      expect(asked.status).toBe(202);
      expect(Date.parse(asked.body.deletes_at) - Date.now()).toBeGreaterThan(29.9 * 86_400_000);
      expect(refusal(await remove(bearer, owner.tenant.slug))).toEqual([409, 'DELETION_PENDING']);

      const beat = { method: 'PUT', body: { session_id: seat.session_id } };
      await succeed(`${product.v1}/licenses/heartbeat`, beat);
      await succeed(`${product.v1}/auth/me`, { bearer });
      const { deletion } = await succeed<{ deletion: { deletes_at: string; asked_by: string } | null }>(
        `${product.v1}/tenant`,
        { bearer },
      );
      expect(deletion).toMatchObject({ deletes_at: asked.body.deletes_at, asked_by: owner.user.id });
      expect((await restore(bearer)).status).toBe(200);
      const subjects = (await mailsTo(email, 3)).map((mail) => mail.subject);
      expect(subjects).toEqual(
        expect.arrayContaining(['wavering Works is going to be deleted', 'wavering Works stays']),
      );
      await letTimePass(owner.tenant.id); // Of nothing: nobody asks for it any more.
      await product.query('update tenancy.tenants set deletes_at = null where tenant_id = $1', [
        owner.tenant.id,
      ]);
      await eventually(async () => {
        const { data } = await succeed<AuditBody>(`${product.v1}/audit`, { bearer });
        expect(data.map((entry) => entry.action)).toEqual(
          expect.arrayContaining(['TENANT_DELETION_ASKED', 'TENANT_RESTORED']),
        );
      }, PATIENT);
    },
    PATIENCE_MS,
  );

  it(
    'everywhere at once, and of all that it owned nothing is left but a tombstone and the last entry of its trail',
    async () => {
      const [gone, neighbour] = [
        await livelyTenant(product, 'gone'),
        await livelyTenant(product, 'neighbour'),
      ];
      const { owner } = gone;
      const { id } = owner.tenant;
      const bearers = [owner.access_token, gone.apiKey];
      const other = await product.startApi();
      await succeed(`${product.v1}/tenant/exports`, { method: 'POST', bearer: owner.access_token });
      await Promise.all([settled(product, id), settled(product, neighbour.owner.tenant.id)]);
      await fillTrail(product, id, 30_000);
      const [pool] = await product.redisClient().keys(`seats:*${owner.license.id}*`);
      expect(pool).toBeDefined();
      const before = await digestOf(product, neighbour.owner.tenant.id);
      expect(Object.keys(await rowsOf(product, id)).length).toBeGreaterThan(12);

      expect((await remove(owner.access_token, owner.tenant.slug)).status).toBe(202);
      await letTimePass(id);
      const isOver = async () => {
        const [row] = await product.query(
          `select 1 from tenancy.tenants where tenant_id = $1 and status = 'deleted'
         union all select 1 from platform.closed_tenants where tenant_id = $1`,
          [id],
        );
        return row !== undefined;
      };
      await eventually(isOver, PATIENT);
      await eventually(
        async () => {
          for (const api of [product.api, other]) {
            for (const bearer of bearers)
              expect(
                refusal(await call<ErrorBody>(`${api.url}/api/v1/audit`, { bearer }))[0],
              ).toBeGreaterThan(400);
          }
        },
        { withinMs: promised(5_000) },
      );
      expect(refusal(await call<ErrorBody>(`${product.v1}/audit`, { bearer: owner.access_token }))).toEqual([
        403,
        'TENANT_DELETED',
      ]);
      const refreshed = await call<ErrorBody>(`${product.v1}/auth/refresh`, {
        body: { refresh_token: owner.refresh_token },
      });
      expect(refusal(refreshed)).toEqual([401, 'UNAUTHENTICATED']);

      // In the middle of it.
      const isClosed = async () =>
        (await product.query('select 1 from platform.closed_tenants where tenant_id = $1', [id])).length ===
        1;
      await eventually(isClosed, { ...PATIENT, everyMs: 5 });
      await worker.kill();
      worker = await product.startWorker();
      const left = { 'audit.entries': 1, 'platform.closed_tenants': 1 };
      await eventually(async () => expect(await rowsOf(product, id)).toEqual(left), PATIENT);

      // What comes late finds nobody: an event, a heartbeat, a key.
      await product.query(
        `insert into platform.outbox (tenant_id, id, name, version, payload, actor_type, trace_id, occurred_at)
       values ($1, 'evt_late', 'tenancy.tenant.suspended', 1, $2, 'system', '', now())`,
        [id, { tenantId: id, revision: 99 }],
      );
      const beat = { method: 'PUT', body: { session_id: gone.seat.session_id } };
      expect((await call(`${product.v1}/licenses/heartbeat`, beat)).status).toBeGreaterThanOrEqual(400);
      const validated = await succeed<{ valid: boolean }>(`${product.v1}/licenses/validate`, {
        body: { license_key: owner.license.key },
      });
      expect(validated.valid).toBe(false);
      await eventually(async () => {
        const [late] = await product.query<{ done: boolean }>(
          `select published_at is not null as done from platform.outbox where id = 'evt_late'`,
        );
        return late?.done ?? false;
      }, PATIENT);
      expect(await rowsOf(product, id)).toEqual({ ...left, 'platform.outbox': 1 });

      await product.redisClient().set(pool!, 'late');

      // No transaction of before can be running any more.
      await product.query(
        `update platform.closed_tenants set closed_at = now() - interval '2 minutes' where tenant_id = $1`,
        [id],
      );
      await eventually(async () => {
        const [tomb] = await product.query<{ done: boolean }>(
          'select erased_at is not null as done from platform.closed_tenants where tenant_id = $1',
          [id],
        );
        return tomb?.done ?? false;
      }, PATIENT);
      expect(await rowsOf(product, id)).toEqual(left);

      const [last] = await product.query<{ entry: Record<string, unknown> }>(
        'select to_jsonb(e) as entry from audit.entries e where tenant_id = $1',
        [id],
      );
      expect(last?.entry).toMatchObject({
        action: 'TENANT_DELETED',
        actor_type: 'system',
        actor_id: null,
        user_id: null,
      });
      expect(JSON.stringify(last?.entry)).not.toMatch(/usr_|@|gone/);
      const keys = await product.redisClient().keys(`*${owner.license.id}*`);
      expect(keys).toEqual([]);
      expect(await digestOf(product, neighbour.owner.tenant.id)).toEqual(before);

      expect((await mailsTo(gone.email, 3)).map((mail) => mail.subject)).toContain('gone Works was deleted');
      // A process that begins now has never seen the organisation, and refuses it all the same.
      const late = await product.startApi();
      const answer = await call<ErrorBody>(`${late.url}/api/v1/audit`, { bearer: owner.access_token });
      expect(refusal(answer)).toEqual([403, 'TENANT_DELETED']);
      // The name is free, and who is in another organisation is led there.
      const next = await signUp(product.api.url, { organization: 'gone Works' });
      expect(next.tenant.slug).toBe(owner.tenant.slug);
    },
    PATIENCE_MS,
  );

  it(
    'loses what is older than it keeps, and is told how much (retention)',
    async () => {
      const owner = await signUp(product.api.url);
      const { id } = owner.tenant;
      await settled(product, id);
      await fillTrail(product, id, 2_500);
      const filler = async () =>
        (
          await product.query<{ n: number }>(
            `select count(*)::int as n from audit.entries where tenant_id = $1 and action = 'FILLER'`,
            [id],
          )
        )[0]!.n;
      await worker.stop();
      await product.query(
        `update tenancy.tenants set retention_days = 30, retention_applied_at = null where tenant_id = $1`,
        [id],
      );
      worker = await product.startWorker();
      await eventually(async () => (await filler()) === 0, PATIENT);
      await eventually(async () => {
        const { data } = await succeed<AuditBody>(`${product.v1}/audit?action=RETENTION_APPLIED`, {
          bearer: owner.access_token,
        });
        expect(data.map((entry) => entry.metadata)).toEqual([
          { tenant_id: id, days: 30, removed: [{ table: 'audit.entries', rows: 2_500 }] },
        ]);
      }, PATIENT);
    },
    PATIENCE_MS,
  );

  it(
    'though the one before it cannot be',
    async () => {
      const [stuck, next] = await Promise.all([signUp(product.api.url), signUp(product.api.url)]);
      await product.query(`
        create function tenancy.planted() returns trigger language plpgsql as $$
        begin raise exception 'planted'; end $$;
        create trigger planted before update of status on tenancy.tenants for each row
          when (new.tenant_id = '${stuck.tenant.id}' and new.status = 'deleted') execute function tenancy.planted()`);
      await product.query(
        `update tenancy.tenants set deletion_asked_at = now(), deletion_asked_by = 'x',
           deletes_at = now() - case when tenant_id = $1 then interval '2 days' else interval '1 day' end
         where tenant_id in ($1, $2)`,
        [stuck.tenant.id, next.tenant.id],
      );
      await eventually(async () => {
        const left = { 'audit.entries': 1, 'platform.closed_tenants': 1 };
        expect(await rowsOf(product, next.tenant.id)).toEqual(left);
      }, PATIENT);
      const [row] = await product.query<{ status: string }>(
        'select status from tenancy.tenants where tenant_id = $1',
        [stuck.tenant.id],
      );
      expect(row).toEqual({ status: 'active' });
      await product.query(
        'drop trigger planted on tenancy.tenants; drop function tenancy.planted(); update tenancy.tenants set deletes_at = null',
      );
    },
    PATIENCE_MS,
  );
});
