import { stat } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AuthClient, isRefusal, MfaEnrollmentRequired, saveExport } from '#sdk';
import { codeOf } from '../support/authenticator.js';
import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { startProgram, stateOf } from '../support/machine.js';
import { mailsTo, tokenIn } from '../support/mail.js';
import { newEmail, PASSWORD } from '../support/person.js';

const MAIN = join(process.cwd(), 'dist', 'libs', 'sdk', 'src', 'cli', 'main.js');
const product = journeyProduct();
let url: string;
beforeAll(() => {
  url = product.api.url;
});

const device = (name: string) => new AuthClient({ url, directory: stateOf(name) });
const thrownBy = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );
async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of list) found.push(one);
  return found;
}

async function gatehouse(state: string, ...args: string[]) {
  const program = startProgram(process.execPath, [MAIN, ...args], { GATEHOUSE_STATE_DIR: state });
  program.child.stdin?.end();
  const [code] = await program.ended;
  return { code, out: program.output(), err: program.complaints() };
}

/** Somebody with a proved address and an organisation of their own. */
async function person(name: string) {
  const email = newEmail();
  const auth = device(name);
  const made = await auth.register({ email, password: PASSWORD, organizationName: `${name}'s` });
  await auth.account.verifyEmail(tokenIn((await mailsTo(email))[0]));
  await renewed(auth);
  return { auth, email, made, state: auth.directory! };
}

/** With tokens that say what holds now. */
async function renewed(auth: AuthClient): Promise<void> {
  await auth.renew((await auth.token())!);
}

/** The owner of an organisation that has room for others. */
async function owner() {
  const ada = await person('ada');
  const licence = ada.made.license!.id;
  await product.admin('license', 'change-plan', licence, '--plan', 'TEAM', '--reason', 'They pay.');
  await eventually(async () => expect((await ada.auth.api.tenancy.tenant()).plan).toBe('TEAM'));
  await renewed(ada.auth);
  return ada;
}

/** The token of the mail that invites. */
const invitationTo = (email: string) =>
  eventually(async () => {
    const mail = (await mailsTo(email, 0)).find(({ text }) => /^ {2}ivt_/m.test(text));
    return mail ? tokenIn(mail) : false;
  });

describe('an organisation through the client (S1-27, S2-42)', () => {
  it('gets people with roles, some of its own, and keeps to them', async () => {
    const { auth, email, made } = await owner();
    const { tenancy } = auth.api;
    expect(await tenancy.tenant()).toMatchObject({ id: made.tenant.id, maxMembers: 25, deletion: null });
    expect((await tenancy.update({ name: 'Acme Tools' })).name).toBe('Acme Tools');
    const settings = { allowedDomains: ['acme.example'], timeZone: 'Europe/Stockholm' };
    expect(await tenancy.updateSettings(settings)).toMatchObject(settings);
    expect(await tenancy.settings()).toMatchObject({ ...settings, secondFactorRequired: false });

    const desk = { name: 'desk', scopes: ['licenses:read', 'tenant:read'] };
    expect(await tenancy.createRole(desk)).toEqual({
      name: 'desk',
      builtIn: false,
      scopes: expect.any(Array),
    });
    await tenancy.updateRole('desk', { scopes: ['tenant:read'] });
    const roles = await all(tenancy.roles({ limit: 3 }));
    expect(roles.map(({ name }) => name)).toEqual(expect.arrayContaining(['owner', 'viewer', 'desk']));
    expect(roles.find(({ name }) => name === 'desk')?.scopes).toEqual(['tenant:read']);

    const bob = newEmail();
    const invitation = await tenancy.invite({ email: bob, role: 'desk' });
    expect(await all(tenancy.invitations())).toEqual([invitation]);
    const token = await invitationTo(bob);
    expect(await tenancy.previewInvitation(token)).toMatchObject({
      ...{ tenant: { name: 'Acme Tools' }, email: bob, role: 'desk', accountExists: false },
    });
    const his = device('bob');
    const { tenant, license } = await his.register({
      email: bob,
      password: PASSWORD,
      invitationToken: token,
    });
    expect([tenant.id, license?.key ?? null]).toEqual([made.tenant.id, null]);
    expect((await his.me()).role).toBe('desk');
    expect(isRefusal(await thrownBy(all(his.api.tenancy.members())), 'MISSING_SCOPE')).toBe(true);
    expect(isRefusal(await thrownBy(tenancy.deleteRole('desk')), 'ROLE_IN_USE')).toBe(true);

    const people = await all(tenancy.members({ limit: 1 }));
    expect(people.map((one) => [one.email, one.role])).toEqual([
      [email, 'owner'],
      [bob, 'desk'],
    ]);
    expect((await tenancy.changeRole(people[1]!.id, 'admin')).role).toBe('admin');
    // Their tokens are outdated; the client gets those that hold, and says nothing of it.
    await eventually(async () => expect((await his.me()).role).toBe('admin'));

    await tenancy.transfer({ membershipId: people[1]!.id });
    await eventually(async () => expect((await auth.me()).role).toBe('admin'));
    expect(isRefusal(await thrownBy(his.api.tenancy.leave()), 'LAST_OWNER')).toBe(true);
    await tenancy.leave();
    await eventually(async () => expect(isRefusal(await thrownBy(auth.me()), 'UNAUTHENTICATED')).toBe(true));
    expect(await auth.user()).toBeNull();
  });

  it('is left by whoever was removed, in every program of theirs', async () => {
    const { auth } = await owner();
    const { tenancy } = auth.api;
    const email = newEmail();
    await tenancy.invite({ email, role: 'developer' });
    const his = device('bob');
    await his.register({ email, password: PASSWORD, invitationToken: await invitationTo(email) });
    const member = (await all(tenancy.members())).find((one) => one.email === email)!;
    const ended = new Promise((resolve) => his.once('signed-out', resolve));
    await tenancy.removeMember(member.id);
    await eventually(async () => expect(isRefusal(await thrownBy(his.me()), 'UNAUTHENTICATED')).toBe(true));
    expect(await ended).toEqual({ reason: 'refused' });
    const who = await gatehouse(his.directory!, 'whoami', '--url', url);
    expect(who).toMatchObject({ code: 77, out: '' });
    await expect(stat(join(his.directory!, 'auth.json'))).rejects.toThrow(/ENOENT/);
  });

  it('is exported to a file as it says, asked to be deleted, and restored', async () => {
    const { auth, made } = await owner();
    const { tenancy } = auth.api;
    const { exports } = tenancy;
    const seen: number[] = [];
    const started = await exports.start();
    const done = await exports.finished(started.id, {
      onProgress: ({ progress }) => seen.push(progress.done),
    });
    expect(done).toMatchObject({ id: started.id, status: 'ready', failure: null });
    expect(seen.at(-1)).toBe(done.progress.total);
    const path = join(stateOf('exports'), 'acme.jsonl.gz');
    expect(await saveExport(exports, done.id, path)).toBe(done.size);
    const lines = gunzipSync(readFileSync(path)).toString().trim().split('\n');
    expect(lines.every((line) => typeof JSON.parse(line) === 'object')).toBe(true);
    expect((await all(exports.list({ limit: 1 }))).map(({ id }) => id)).toEqual([done.id]);
    await exports.delete(done.id);
    expect(isRefusal(await thrownBy(exports.get(done.id)), 'NOT_FOUND')).toBe(true);

    expect(isRefusal(await thrownBy(tenancy.delete({ slug: 'another' })), 'SLUG_MISMATCH')).toBe(true);
    const { deletesAt, askedBy } = await tenancy.delete({ slug: made.tenant.slug });
    expect([askedBy, deletesAt > Date.now()]).toEqual([made.user.id, true]);
    expect((await tenancy.tenant()).deletion?.deletesAt).toBe(deletesAt);
    await tenancy.restore();
    expect((await tenancy.tenant()).deletion).toBeNull();
  });
});

describe('a person in several organisations', () => {
  it('goes from one to the other with every program of the machine, by the client and by gatehouse switch', async () => {
    const { auth, email, made, state } = await person('ada');
    const second = await auth.api.tenancy.create({ organizationName: 'Brook' });
    expect(second.license.key).toMatch(/^GH-FREE-/);
    const own = await all(auth.api.tenancy.tenants({ limit: 1 }));
    expect(own.map(({ id, role }) => [id, role])).toEqual([
      [made.tenant.id, 'owner'],
      [second.id, 'owner'],
    ]);
    const program = new AuthClient({ url, directory: state });
    await program.user();
    await auth.switchTenant(second.id);
    expect((await program.me()).tenant.id).toBe(second.id);
    // The session that was left is over: there is one, where they are now.
    const sessions = await all(auth.account.sessions());
    expect(sessions.map(({ tenantId, current }) => [tenantId, current])).toEqual([[second.id, true]]);

    const back = await gatehouse(state, 'switch', made.tenant.slug);
    expect(back).toMatchObject({ code: 0, err: '' });
    expect(back.out).toContain(`Signed in as ${email} at ${made.tenant.name}`);
    expect((await gatehouse(state, 'switch', made.tenant.id)).out).toContain('You are at');
    expect((await gatehouse(state, 'whoami', '--json')).out).toContain(made.tenant.id);
    expect(await gatehouse(state, 'switch')).toMatchObject({ code: 64, out: '' });
    const nowhere = await gatehouse(state, 'switch', 'nowhere');
    expect(nowhere).toMatchObject({ code: 77, out: '' });
    expect(nowhere.err).toContain('You are in no organisation "nowhere"');
    expect((await auth.me()).tenant.id).toBe(made.tenant.id);
  });

  it('joins another by its invitation, and is asked there for what it asks for', async () => {
    const { auth: boss } = await owner();
    const { auth, email, made, state } = await person('bob');
    await boss.api.tenancy.invite({ email, role: 'viewer' });
    const { tenant } = await auth.acceptInvitation(await invitationTo(email));
    expect(await auth.me()).toMatchObject({ tenant: { id: tenant.id }, role: 'viewer' });
    await auth.switchTenant(made.tenant.id);

    await boss.api.tenancy.updateSettings({ secondFactorRequired: true });
    const asked = await thrownBy(auth.switchTenant(tenant.id));
    if (!(asked instanceof MfaEnrollmentRequired)) throw asked;
    expect((await gatehouse(state, 'switch', tenant.slug)).err).toContain('you have none');
    expect((await auth.me()).tenant.id).toBe(made.tenant.id);
    const { mfaToken } = asked;
    const { secret } = await auth.account.enrollTotp({ mfaToken });
    await auth.confirmTotp({ mfaToken, code: codeOf(secret) });
    expect((await auth.me()).tenant.id).toBe(tenant.id);
    expect((await all(auth.account.sessions())).map(({ tenantId }) => tenantId)).toEqual([tenant.id]);
  });
});
