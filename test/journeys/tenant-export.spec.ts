import { createHash } from 'node:crypto';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { mailsTo } from '../support/mail.js';
import { type AuditBody, call, type ErrorBody, refusal, signUp, succeed } from '../support/person.js';
import type { ProductProcess } from '../support/product.js';
import {
  type ExportBody,
  fetchFile,
  fillTrail,
  HASTY,
  linesOf,
  livelyTenant,
  PATIENT,
  settled,
} from '../support/tenant-life.js';

const PATIENCE_MS = 300_000;

const product = journeyProduct(HASTY);
let worker: ProductProcess;
beforeAll(() => void (worker = product.worker));

const exportsOf = () => `${product.v1}/tenant/exports`;
const request = (bearer: string) => call<ExportBody & ErrorBody>(exportsOf(), { method: 'POST', bearer });
const look = (bearer: string, id: string) => succeed<ExportBody>(`${exportsOf()}/${id}`, { bearer });
const ended = (bearer: string, id: string) =>
  eventually(async () => {
    const one = await look(bearer, id);
    return one.status === 'queued' || one.status === 'running' ? false : one;
  }, PATIENT);

describe('an organisation exports what it owns', () => {
  it(
    'as one file made by the worker, with a digest, a mail and a trail, and without secrets or anything of others',
    async () => {
      const [ours, theirs] = [await livelyTenant(product, 'ours'), await livelyTenant(product, 'theirs')];
      const bearer = ours.owner.access_token;
      await Promise.all([settled(product, ours.owner.tenant.id), settled(product, theirs.owner.tenant.id)]);

      await worker.stop();
      const asked = await request(bearer);
      expect(asked.status).toBe(202);
      expect(asked.body).toMatchObject({ status: 'queued', progress: { done: 0, total: null } });
      expect(refusal(await request(bearer))).toEqual([409, 'EXPORT_RUNNING']);
      const early = await call<ErrorBody>(`${exportsOf()}/${asked.body.id}/file`, { bearer });
      expect(refusal(early)).toEqual([409, 'EXPORT_NOT_READY']);
      worker = await product.startWorker();

      const made = await ended(bearer, asked.body.id);
      expect(made).toMatchObject({ status: 'ready', failure: null });
      expect(made.progress.done).toBe(made.progress.total);

      const { response, bytes } = await fetchFile(product, bearer, made.id);
      expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename=".+\.jsonl\.gz"$/);
      expect(bytes.length).toBe(made.size);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(made.sha256);

      const [first, ...lines] = linesOf(bytes);
      const counts = Object.fromEntries(
        [...Map.groupBy(lines, (line) => line.kind)].map(([kind, group]) => [kind, group.length]),
      );
      expect(first).toMatchObject({ kind: 'export', format: 'gatehouse-tenant-export/1' });
      expect(Object.fromEntries(Object.entries(first!.counts as object).filter(([, n]) => n > 0))).toEqual(
        counts,
      );
      expect(counts).toMatchObject({
        tenant: 1,
        person: 1,
        membership: 1,
        license: 1,
        service_account: 1,
        api_key: 1,
      });
      expect(lines.find((line) => line.kind === 'person')).toMatchObject({
        id: ours.owner.user.id,
        email: ours.email,
        email_verified: true,
      });

      const text = JSON.stringify([first, ...lines]);
      for (const secret of [
        ours.owner.license.key!,
        ours.apiKey,
        ours.owner.refresh_token,
        ours.seat.session_id,
      ])
        expect(text).not.toContain(secret);
      for (const foreign of [
        theirs.owner.tenant.id,
        theirs.owner.user.id,
        theirs.owner.license.id,
        theirs.email,
      ])
        expect(text).not.toContain(foreign);

      const rest = await fetchFile(product, bearer, made.id, 'bytes=100-');
      expect([rest.response.status, rest.response.headers.get('content-range')]).toEqual([
        206,
        `bytes 100-${bytes.length - 1}/${bytes.length}`,
      ]);
      expect(Buffer.compare(rest.bytes, bytes.subarray(100))).toBe(0);

      await eventually(async () => {
        const { data } = await succeed<AuditBody>(`${product.v1}/audit?limit=100`, { bearer });
        const told = data.filter((entry) => entry.subject === made.id).map((entry) => entry.action);
        expect(told.sort()).toEqual(
          ['EXPORT_DOWNLOADED', 'EXPORT_DOWNLOADED', 'EXPORT_MADE', 'EXPORT_REQUESTED'].sort(),
        );
      }, PATIENT);
      const mails = await mailsTo(ours.email, 2);
      expect(mails.map((mail) => mail.subject)).toContain('The export of ours Works is ready');

      // Somebody else's, and like one that does not exist.
      const stranger = theirs.owner.access_token;
      for (const path of [made.id, `${made.id}/file`])
        expect((await call(`${exportsOf()}/${path}`, { bearer: stranger })).status).toBe(404);
      expect((await call(`${exportsOf()}/${made.id}`, { method: 'DELETE', bearer: stranger })).status).toBe(
        404,
      );

      await succeed(`${exportsOf()}/${made.id}`, { method: 'DELETE', bearer });
      expect((await call(`${exportsOf()}/${made.id}`, { bearer })).status).toBe(404);
      expect(
        await product.query('select 1 from tenancy.export_chunks where export_id = $1', [made.id]),
      ).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'once, though the worker is killed while it is made and hears of it twice',
    async () => {
      const owner = await signUp(product.api.url);
      const bearer = owner.access_token;
      await settled(product, owner.tenant.id);
      await fillTrail(product, owner.tenant.id, 60_000);
      const { id } = (await request(bearer)).body;
      await eventually(
        async () => {
          const { status, progress } = await look(bearer, id);
          return status === 'running' && progress.done > 1_000;
        },
        { ...PATIENT, everyMs: 10 },
      );
      await worker.kill();
      expect((await look(bearer, id)).status).toBe('running');
      worker = await product.startWorker();

      const made = await ended(bearer, id);
      const { bytes } = await fetchFile(product, bearer, id);
      const entries = linesOf(bytes).filter((line) => line.action === 'FILLER');
      expect(new Set(entries.map((line) => line.id)).size).toBe(60_000);
      expect(entries).toHaveLength(60_000);
      const [{ attempts }] = (await product.query<{ attempts: number }>(
        'select attempts from tenancy.exports where id = $1',
        [id],
      )) as [{ attempts: number }];
      // Else nothing was killed.
      expect(attempts).toBeGreaterThan(1);

      await product.query(
        `delete from platform.inbox where tenant_id = $1 and subscription = 'tenancy.make-export'`,
        [owner.tenant.id],
      );
      await product.query(
        `update platform.outbox set published_at = null, settled_at = null
       where tenant_id = $1 and name = 'tenancy.export.requested'`,
        [owner.tenant.id],
      );
      await settled(product, owner.tenant.id);
      expect(await look(bearer, id)).toEqual(made);
    },
    PATIENCE_MS,
  );

  it('five times a day, and not without having shown who one is', async () => {
    const owner = await signUp(product.api.url);
    const { id } = owner.tenant;
    await product.query(
      `insert into tenancy.exports (tenant_id, id, status, asked_by, asked_at)
       select $1, 'exp_' || n, 'failed', 'x', now() - interval '1 hour' from generate_series(1, 5) n`,
      [id],
    );
    const answer = await request(owner.access_token);
    expect(refusal(answer)).toEqual([429, 'EXPORT_LIMIT_REACHED']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(80_000);

    await product.query(
      `update identity.auth_sessions set auth_time = now() - interval '1 hour', reauthenticated_at = null where tenant_id = $1`,
      [id],
    );
    const { access_token } = await succeed<{ access_token: string }>(`${product.v1}/auth/refresh`, {
      body: { refresh_token: owner.refresh_token },
    });
    expect(refusal(await request(access_token))).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    const file = await call<ErrorBody>(`${exportsOf()}/exp_1/file`, { bearer: access_token });
    expect(refusal(file)).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
  });

  it(
    'up to a size, and the file is gone when its days are over',
    async () => {
      const owner = await signUp(product.api.url);
      const bearer = owner.access_token;
      await settled(product, owner.tenant.id);
      const first = await ended(bearer, (await request(bearer)).body.id);
      expect(first.status).toBe('ready');
      await worker.stop();
      await product.query(`update tenancy.exports set expires_at = now() where id = $1`, [first.id]);
      await fillTrail(product, owner.tenant.id, 30_000);
      const { id } = (await request(bearer)).body;

      worker = await product.startWorker({ TENANCY_EXPORT_MAX_MIB: '1' });
      expect(await ended(bearer, id)).toMatchObject({ status: 'failed', failure: 'TOO_LARGE' });
      await eventually(
        async () => (await call(`${exportsOf()}/${first.id}`, { bearer })).status === 404,
        PATIENT,
      );
      expect(
        await product.query('select 1 from tenancy.export_chunks where tenant_id = $1', [owner.tenant.id]),
      ).toEqual([]);
    },
    PATIENCE_MS,
  );
});
