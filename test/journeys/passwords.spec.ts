import { generateSync } from 'otplib';
import { type AccountBody, accountsOf } from '../support/accounts.js';
import { aged } from '../support/aged-session.js';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { mailsTo, tokenIn } from '../support/mail.js';
import {
  type AuditBody,
  call,
  type ErrorBody,
  newEmail,
  PASSWORD,
  refusal,
  type RegisteredBody,
  signInWithGoogle,
  succeed,
} from '../support/person.js';
import { connected } from '../support/tables.js';

const OTHER = 'seven lanterns over gravel';

const product = journeyProduct();
const { post, register, login, refresh, verify, verified, forgot } = accountsOf(product);

describe('forgotten passwords (S2-39)', () => {
  it('are set anew by mail: once, with every session ended and none made', async () => {
    const email = newEmail();
    const made = await verified(email);
    await mailsTo(email, 2);
    const token = await forgot(email, 2);

    const weak = await post('password/confirm', { token, password: 'password password' });
    expect(refusal(weak)).toEqual([422, 'PASSWORD_TOO_WEAK']);
    const same = await post('password/confirm', { token, password: PASSWORD });
    expect(same.body.error.details).toMatchObject({ problems: ['used_before'] });

    const uses = await Promise.all(
      ['confirm', 'reset', 'confirm'].map((path) => post(`password/${path}`, { token, password: OTHER })),
    );
    expect(uses.map((one) => one.status).sort()).toEqual([200, 422, 422]);
    expect(uses.find((one) => one.status === 200)?.body).toEqual({ status: 'changed', revoked: 1 });
    expect(refusal(await refresh(made))).toEqual([401, 'UNAUTHENTICATED']);
    expect(refusal(await login(email))).toEqual([401, 'INVALID_CREDENTIALS']);
    const { body } = await login(email, OTHER);
    expect((await mailsTo(email, 4)).at(-1)?.subject).toBe('Your password was changed');
    await eventually(async () => {
      const { data } = await succeed<AuditBody>(`${product.v1}/audit`, { bearer: body.access_token });
      expect(data.map((entry) => entry.action)).toEqual(
        expect.arrayContaining(['PASSWORD_RESET_ASKED', 'PASSWORD_CHANGED', 'EMAIL_VERIFIED', 'MAIL_SENT']),
      );
    });
  });

  it('end with the first that is used, whichever mail it came by', async () => {
    const { user } = await verified();
    await mailsTo(user.email, 2);
    const tokens = [await forgot(user.email, 2), await forgot(user.email, 3)];
    const reset = (token: string) => post('password/confirm', { token, password: OTHER });
    expect((await reset(tokens[1]!)).status).toBe(200);
    expect(refusal(await reset(tokens[0]!))).toEqual([422, 'TOKEN_INVALID']);
  });

  it('prove the address of an account that never did, and throw out who had registered it', async () => {
    const email = newEmail();
    const early = await register(email);
    await mailsTo(email, 1);
    const token = await forgot(email, 1);
    expect((await post('password/reset', { token, password: OTHER })).status).toBe(200);
    expect(refusal(await refresh(early))).toEqual([401, 'UNAUTHENTICATED']);
    expect((await login(email, OTHER)).body.user.email_verified).toBe(true);
  });

  it('leave nothing of a change of address that was begun before: by reset, and by verifying', async () => {
    for (const prove of ['reset', 'verify'] as const) {
      const email = newEmail();
      const early = await register(email);
      const [verification] = await mailsTo(email, 1);
      const mallory = newEmail();
      expect((await post('email/change', { email: mallory }, early.access_token)).status).toBe(200);
      const [change] = await mailsTo(mallory);
      if (prove === 'verify') await verify(tokenIn(verification));
      else await post('password/reset', { token: await forgot(email, 1), password: OTHER });
      expect(refusal(await verify(tokenIn(change)))).toEqual([422, 'TOKEN_INVALID']);
      const mine = await login(email, prove === 'reset' ? OTHER : PASSWORD);
      expect(mine.body.user).toMatchObject({ id: early.user.id, email });
    }
  });

  it('ends what was half signed in with the password of before', async () => {
    const owner = await verified();
    await product.admin(
      'tenant',
      'sign-in',
      owner.tenant.id,
      '--second-factor',
      'required',
      '--reason',
      'test',
    );
    const half = await login(owner.user.email);
    expect(refusal(half)).toEqual([401, 'MFA_ENROLLMENT_REQUIRED']);
    const { mfa_token } = half.body.error.details as { mfa_token: string };
    await mailsTo(owner.user.email, 2);
    await post('password/reset', { token: await forgot(owner.user.email, 2), password: OTHER });
    expect(refusal(await post('mfa/totp/enroll', { mfa_token }))).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('tell nobody who only claims an address whether it has an owner', async () => {
    const owner = await verified();
    await mailsTo(owner.user.email, 2);
    const seen = [];
    for (const email of [owner.user.email, newEmail()]) {
      const claimant = await register(email, OTHER);
      await login(email, 'a guess at the password');
      await forgot(email, email === owner.user.email ? 3 : 1);
      // Another thing that is in the trail for sure, behind what might be.
      await post('email/send', {}, claimant.access_token);
      await mailsTo(email, email === owner.user.email ? 5 : 3);
      const bearer = claimant.access_token;
      const mails = await eventually(async () => {
        const { data } = await succeed<AuditBody>(`${product.v1}/audit`, { bearer });
        const kinds = data.map((entry) => `${entry.action} ${String(entry.metadata.kind ?? '')}`).sort();
        expect(kinds.filter((one) => one === 'MAIL_SENT verify_email')).toHaveLength(2);
        return kinds;
      });
      const { data } = await succeed<{ data: { outcome: string }[] }>(`${product.v1}/auth/login-events`, {
        bearer,
      });
      seen.push([mails, data.map((one) => one.outcome)]);
    }
    expect(seen[0]).toEqual(seen[1]);
  });

  it('are answered alike for nobody, who gets no mail', async () => {
    const email = newEmail();
    expect((await post('password/forgot', { email })).body).toEqual({ status: 'accepted' });
    // Handled after it: by then a mail would be there.
    const known = await verified();
    await mailsTo(known.user.email, 2);
    await forgot(known.user.email, 2);
    expect(await mailsTo(email, 0)).toEqual([]);
  });

  it('give a first password to who signed up with Google', async () => {
    const email = newEmail();
    const bearer = await signInWithGoogle(email);
    const made = await succeed<RegisteredBody>(`${product.v1}/auth/register`, {
      bearer,
      body: { organization_name: 'Acme Tools' },
    });
    await mailsTo(email, 1);
    const token = await forgot(email, 1);
    expect((await post('password/confirm', { token, password: PASSWORD })).status).toBe(200);
    expect((await login(email)).body.user.id).toBe(made.user.id);
  });
});

describe('what a person changes', () => {
  it('a password: the present one is asked for, the last five are refused, other sessions end (S2-36)', async () => {
    const { user } = await register(newEmail());
    const [here, there] = [(await login(user.email)).body, (await login(user.email)).body];
    const change = (current_password: string, new_password: string) =>
      post('password/change', { current_password, new_password }, here.access_token);
    expect(refusal(await change('not the right one', OTHER))).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    expect((await change(PASSWORD, OTHER)).body).toEqual({ status: 'changed', revoked: 2 });
    expect(refusal(await refresh(there))).toEqual([401, 'UNAUTHENTICATED']);
    expect((await refresh(here)).status).toBe(200);

    const later = ['copper herons at dawn', 'granite maps without ink', 'twelve quiet turbines hum'];
    const all = [PASSWORD, OTHER, ...later];
    for (const [i, password] of later.entries())
      expect((await change(all[i + 1]!, password)).status).toBe(200);
    for (const password of [PASSWORD, all.at(-1)!]) {
      const again = await change(all.at(-1)!, password);
      expect(again.body.error.details).toMatchObject({ problems: ['used_before'] });
    }
    expect((await change(all.at(-1)!, 'orchid cable pumpkin tide')).status).toBe(200);
    expect((await change('orchid cable pumpkin tide', PASSWORD)).status).toBe(200);
  });

  it('an address: both ends confirm, and then it is the one to sign in with', async () => {
    const [email, next] = [newEmail(), newEmail()];
    const made = await verified(email);
    await mailsTo(email, 2);
    const bearer = (await aged(product, made)).access_token;
    expect(refusal(await post('email/change', { email: next }, bearer))).toEqual([
      403,
      'REAUTHENTICATION_REQUIRED',
    ]);
    expect((await post('email/change', { email: next, password: PASSWORD }, bearer)).body).toEqual({
      status: 'sent',
    });

    const atNew = tokenIn((await mailsTo(next))[0]);
    expect((await verify(atNew)).body.status).toBe('waiting');
    expect((await login(next)).status).toBe(401);
    const atOld = (await mailsTo(email, 3)).at(-1);
    expect(atOld?.text).toContain(next);
    expect((await verify(tokenIn(atOld))).body).toMatchObject({ status: 'changed', email: next });
    expect((await login(next)).body.user).toMatchObject({
      id: made.user.id,
      email: next,
      email_verified: true,
    });
    expect(refusal(await login(email))).toEqual([401, 'INVALID_CREDENTIALS']);
  });

  it('an address that is somebody’s: the answer is the same, its owner hears of it, and nothing comes of it', async () => {
    const owner = await verified();
    await mailsTo(owner.user.email, 2);
    const email = newEmail();
    const made = await register(email, OTHER);
    await verify(tokenIn((await mailsTo(email))[0]));
    await mailsTo(email, 2);
    const { access_token } = (await refresh(made)).body;
    const asked = await post('email/change', { email: owner.user.email }, access_token);
    expect([asked.status, asked.body]).toEqual([200, { status: 'sent' }]);

    const notice = (await mailsTo(owner.user.email, 3)).at(-1);
    expect(notice?.subject).toBe('You have an account already');
    expect(notice?.text).not.toContain('mlt_');
    const atOld = (await mailsTo(email, 3)).at(-1);
    expect((await verify(tokenIn(atOld))).body.status).toBe('waiting');
    expect((await login(email, OTHER)).body.user).toMatchObject({ id: made.user.id, email });
    expect((await login(owner.user.email)).body.user.id).toBe(owner.user.id);
    expect(refusal(await login(owner.user.email, OTHER))).toEqual([401, 'INVALID_CREDENTIALS']);
  });

  it('a password: never the name of their organisation, by a change or by a reset', async () => {
    const email = newEmail();
    const named = { email, password: PASSWORD, organization_name: 'Quixotic Zeppelins' };
    const made = (await post('register', named)).body;
    await mailsTo(email);
    const password = 'Quixotic Zeppelins 26';
    const token = await forgot(email, 1);
    for (const answer of [
      await post(
        'password/change',
        { current_password: PASSWORD, new_password: password },
        made.access_token,
      ),
      await post('password/confirm', { token, password }),
    ]) {
      expect(refusal(answer)).toEqual([422, 'PASSWORD_TOO_WEAK']);
      expect(answer.body.error.details).toMatchObject({ problems: ['contains_context_words'] });
    }
    // To whoever is called otherwise it is a good one.
    expect((await register(newEmail(), password)).user.id).toMatch(/^usr_/);
  });

  it('the account: it can be deleted, and its address be somebody’s again', async () => {
    const made = await aged(product, await verified());
    const remove = (body: object) =>
      call<AccountBody>(`${product.v1}/auth/me`, { method: 'DELETE', bearer: made.access_token, body });
    const { email } = made.user;
    for (const body of [{ email }, { email: newEmail(), password: PASSWORD }])
      expect(refusal(await remove(body))).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    expect((await remove({ email, password: PASSWORD })).body).toEqual({ status: 'deleted' });
    expect(refusal(await refresh(made))).toEqual([401, 'UNAUTHENTICATED']);
    expect(refusal(await login(made.user.email))).toEqual([401, 'INVALID_CREDENTIALS']);
    expect(refusal(await call<ErrorBody>(`${product.v1}/auth/me`, { bearer: made.access_token }))).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
    expect((await register(made.user.email)).user.id).not.toBe(made.user.id);
  });
});

describe('the tokens of mails', () => {
  it('are good for their time alone, and stand nowhere: hours to verify, half an hour to reset', async () => {
    const [email, next] = [newEmail(), newEmail()];
    const made = await register(email);
    const verification = tokenIn((await mailsTo(email))[0]);
    const database = await connected(product.database.ownerUrl);
    const age = (table: string, by: string) =>
      database.query(`update identity.${table} set expires_at = now() + $2::interval where user_id = $1`, [
        made.user.id,
        by,
      ]);
    await age('mail_tokens', '-1 second');
    expect(refusal(await verify(verification))).toEqual([422, 'TOKEN_INVALID']);
    await age('mail_tokens', '1 hour');
    expect((await verify(verification)).status).toBe(200);
    await mailsTo(email, 2);

    const reset = await forgot(email, 2);
    expect((await post('email/change', { email: next }, made.access_token)).status).toBe(200);
    const atNew = tokenIn((await mailsTo(next))[0]);
    const atOld = tokenIn((await mailsTo(email, 4)).at(-1));
    const { rows } = await database.query<{ purpose: string; seconds: number }>(
      `select purpose, extract(epoch from expires_at - created_at)::int as seconds from identity.mail_tokens
       where user_id = $1 and used_at is null order by purpose`,
      [made.user.id],
    );
    expect(rows).toEqual([
      { purpose: 'change_email_new', seconds: 86_400 },
      { purpose: 'change_email_old', seconds: 86_400 },
      { purpose: 'reset_password', seconds: 1_800 },
    ]);
    const { rows: changes } = await database.query<{ isADay: boolean }>(
      `select expires_at between now() + interval '23 hours' and now() + interval '24 hours' as "isADay"
       from identity.address_changes where user_id = $1`,
      [made.user.id],
    );
    expect(changes).toEqual([{ isADay: true }]);

    const { rows: kept } = await database.query<{ text: string }>(
      `select concat((select string_agg(t::text, ' ') from identity.mail_tokens t), ' ',
         (select string_agg(t::text, ' ') from platform.outbox t),
         (select string_agg(t::text, ' ') from identity.address_changes t)) as text`,
    );
    expect(kept[0]?.text).toContain(made.user.id);
    for (const token of [reset, atNew, atOld]) {
      const secret = Buffer.from(token.slice('mlt_'.length), 'base64url').subarray(32);
      const forms = (['hex', 'base64', 'base64url'] as const).map((form) => secret.toString(form));
      for (const form of [token, ...forms]) expect(kept[0]?.text).not.toContain(form);
    }

    await age('mail_tokens', '-1 second');
    for (const token of [atNew, atOld]) expect(refusal(await verify(token))).toEqual([422, 'TOKEN_INVALID']);
    expect(refusal(await post('password/confirm', { token: reset, password: OTHER }))).toEqual([
      422,
      'TOKEN_INVALID',
    ]);
    await age('mail_tokens', '1 hour');
    await age('address_changes', '-1 second');
    expect(refusal(await verify(atNew))).toEqual([422, 'TOKEN_INVALID']);
    await database.end();
  });
});

describe('what ends sessions', () => {
  it('ends them also where the process that said so is killed before it does, and not those that began after it', async () => {
    const doomed = await product.startApi();
    const auth = (path: string) => `${doomed.url}/api/v1/auth/${path}`;
    const code = (secret: string) => generateSync({ secret, epoch: Math.floor(Date.now() / 1_000) });
    const [forgetful, leaver] = [await verified(), await register(newEmail())];
    await mailsTo(forgetful.user.email, 2);
    const token = await forgot(forgetful.user.email, 2);
    const [changer, enrolling] = [await register(newEmail()), await register(newEmail())];
    const elsewhere = (await login(enrolling.user.email)).body;
    const here = (await login(changer.user.email)).body;
    const { secret } = (await post('mfa/totp/enroll', {}, enrolling.access_token)).body;
    const owner = await register(newEmail());
    const displaced = await register(owner.user.email, OTHER);
    const [verification] = await mailsTo(owner.user.email);

    // Nobody gets at their sessions, nor at the one who is to be displaced; what is before that is done.
    const [held, watch] = [
      await connected(product.database.ownerUrl),
      await connected(product.database.ownerUrl),
    ];
    const people = [forgetful, leaver, changer, enrolling, displaced].map(({ user }) => user.id);
    await held.query('begin');
    await held.query('select 1 from identity.auth_sessions where user_id = any($1) for update', [people]);
    await held.query('select 1 from identity.users where id = $1 for update', [displaced.user.id]);
    const calls: [string, Parameters<typeof call>[1]][] = [
      ['password/confirm', { body: { token, password: OTHER } }],
      ['me', { method: 'DELETE', bearer: leaver.access_token, body: { email: leaver.user.email } }],
      [
        'password/change',
        { bearer: here.access_token, body: { current_password: PASSWORD, new_password: OTHER } },
      ],
      ['mfa/totp/confirm', { bearer: enrolling.access_token, body: { code: code(secret) } }],
      ['email/verify', { body: { token: tokenIn(verification) } }],
    ];
    const answers = Promise.allSettled(calls.map(([path, options]) => call(auth(path), options)));
    await eventually(
      async () => {
        const { rows } = await watch.query<{ id: string }>(
          `select payload->>'userId' as id from platform.outbox
           where name in ('identity.sessions.outdated', 'identity.address.lost')`,
        );
        expect(rows.map(({ id }) => id)).toEqual(expect.arrayContaining(people));
      },
      { withinMs: 30_000 },
    );
    await doomed.kill();
    expect((await answers).map((one) => one.status)).toEqual(calls.map(() => 'rejected'));
    const after = (await login(forgetful.user.email, OTHER)).body;
    await held.query('rollback');

    const ends = await eventually(
      async () => {
        const { rows } = await watch.query<{ user_id: string; end_reason: string }>(
          `select user_id, end_reason from identity.auth_sessions where user_id = any($1) and ended_at is not null`,
          [people],
        );
        expect(rows.map((row) => row.user_id)).toEqual(expect.arrayContaining(people));
        return Object.fromEntries(rows.map((row) => [row.user_id, row.end_reason]));
      },
      { withinMs: 30_000 },
    );
    expect(people.map((id) => ends[id])).toEqual([
      'password_reset',
      'account_deleted',
      'password_changed',
      'second_factor_enabled',
      'address_lost',
    ]);
    for (const session of [forgetful, leaver, changer, elsewhere, displaced])
      expect(refusal(await refresh(session))).toEqual([401, 'UNAUTHENTICATED']);
    for (const session of [after, here, owner]) expect((await refresh(session)).status).toBe(200);
    expect(refusal(await login(owner.user.email, OTHER))).toEqual([401, 'INVALID_CREDENTIALS']);
    await Promise.all([held.end(), watch.end()]);
  });
});
