import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { authFile, GatehouseApi, type LicenseEvents, type LicenseStatus, QuotaExhausted } from '#sdk';
import { beating, isFree, keyOf } from '../support/customer.js';
import { eventually } from '../support/eventually.js';
import { apiOutage, journeyProduct } from '../support/journey.js';
import { HastyTime, machine, startLicensed, stateOf } from '../support/machine.js';
import { roomIn } from '../support/patience.js';
import { newEmail, signInWithGoogle, signUp, succeed } from '../support/person.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const product = journeyProduct();
const server = apiOutage(product);
let url: string;

beforeAll(() => {
  url = product.api.url;
});

describe('two machines that want the last seat', () => {
  it('are one that has it and one that is told so', async () => {
    const owner = await signUp(url);
    const machines = ['ada', 'eve'].map((name) => machine(name, { url, licenseKey: keyOf(owner) }));
    const statuses = await Promise.all(machines.map((one) => one.start()));
    const winners = statuses.filter((one) => one.seat !== null);
    const losers = statuses.filter((one) => one.seat === null);
    expect(winners).toHaveLength(1);
    expect(winners[0]?.seats).toEqual({ used: 1, max: 1 });
    expect(losers.map((one) => one.trouble?.code)).toEqual(['SEATS_EXHAUSTED']);
    await Promise.all(machines.map((one) => one.close()));
  });

  it('take turns when one waits', async () => {
    const owner = await signUp(url);
    const ada = machine('ada', { url, licenseKey: keyOf(owner) });
    const eve = machine('eve', { url, licenseKey: keyOf(owner), time: new HastyTime() });
    await ada.start();
    const waits = new Promise((resolve) => eve.once('waiting', resolve));
    const started = eve.start({ wait: 60 * 60_000 });
    await waits;
    await ada.close();
    expect((await started).seat).not.toBeNull();
    await eve.close();
    expect(await isFree(url, owner)).toBe(true);
  });
});

describe('a server that is stopped while a program runs (S1-45)', () => {
  it('costs warnings, then grace, then Free, and nothing once it is back', async () => {
    const owner = await beating(url);
    const time = new HastyTime();
    const client = machine('ada', { url, licenseKey: keyOf(owner), time });
    const warned: LicenseEvents['warning'][] = [];
    const states: string[] = [];
    client.on('warning', (warning) => void warned.push(warning));
    client.on('state', ({ to }) => void states.push(to.state));
    expect((await client.start()).state).toBe('fresh');

    await server.stop();
    await eventually(() => warned.some((one) => one.code === 'UNREACHABLE'), { withinMs: 60_000 });
    expect(client.status().state).toBe('fresh');
    expect(client.entitled('commands:execute')).toBe(true);
    time.skewMs = 25 * HOUR;
    expect(client.status()).toMatchObject({ state: 'grace', plan: 'FREE' });
    expect(client.status().leftMs).toBeGreaterThan(6 * DAY);
    time.skewMs = 9 * DAY;
    await eventually(() => states.includes('free'), { withinMs: 60_000 });
    expect(client.status()).toMatchObject({ state: 'free', reason: 'LEASE_ENDED' });

    await server.restart();
    // The status is of this moment; the event follows it.
    await eventually(() => states.at(-1) === 'fresh', { withinMs: 60_000 });
    expect(client.status().state).toBe('fresh');
    expect(states).toEqual(['fresh', 'grace', 'free', 'fresh'].filter((one) => states.includes(one)));
    await client.close();
    expect(await isFree(url, owner)).toBe(true);
  });

  it('and is not back at the next start: the program runs on what it remembers', async () => {
    const owner = await signUp(url);
    const settings = { url, licenseKey: keyOf(owner), directory: stateOf('ada') };
    const first = machine('ada', settings);
    await first.start();
    await first.close();
    await server.stop();
    const again = machine('ada', settings);
    expect(await again.start()).toMatchObject({
      state: 'fresh',
      trouble: { status: null, code: 'UNREACHABLE' },
    });
    await again.close();
  });
});

describe('a licence that is taken away', () => {
  it('is so by the issuer’s signed word: suspended and back, revoked for good, with no server too', async () => {
    const owner = await beating(url);
    const settings = { url, licenseKey: keyOf(owner), directory: stateOf('ada'), time: new HastyTime() };
    const client = machine('ada', settings);
    await client.start();
    await product.admin('license', 'suspend', owner.license.id, '--reason', 'unpaid');
    await eventually(() => client.status().state === 'suspended', { withinMs: 60_000 });
    expect(client.entitled('commands:execute')).toBe(false);
    expect((await client.use('commands')).allowed).toBe(false);
    await product.admin('license', 'reinstate', owner.license.id, '--reason', 'paid');
    await eventually(() => client.status().state === 'fresh', { withinMs: 60_000 });
    await product.admin('license', 'revoke', owner.license.id, '--reason', 'fraud');
    await eventually(() => client.status().state === 'revoked', { withinMs: 60_000 });
    await client.close();

    await server.stop();
    const again = machine('ada', settings);
    expect((await again.start()).state).toBe('revoked');
    await again.close();
  });
});

describe('a program that is ended', () => {
  const held = `
    await client.start();
    console.log('held', client.status().seat !== null);
    setInterval(() => undefined, 1000);`;

  it.each(['SIGTERM', 'SIGINT'] as const)('by %s gives its seat back, and dies of it', async (signal) => {
    const owner = await signUp(url);
    const program = startLicensed(held, {
      url,
      licenseKey: keyOf(owner),
      directory: stateOf('ada'),
      hardwareId: 'ada',
    });
    await program.said('held true');
    expect(await isFree(url, owner)).toBe(false);
    program.child.kill(signal);
    expect(await program.ended).toEqual([null, signal]);
    expect(await isFree(url, owner)).toBe(true);
  });

  it('keeps its own way of ending', async () => {
    const owner = await signUp(url);
    const own = `
      process.once('SIGTERM', () => { client.close().then(() => { console.log('mine'); process.exit(7); }); });
      ${held}`;
    const program = startLicensed(own, {
      url,
      licenseKey: keyOf(owner),
      directory: stateOf('ada'),
      hardwareId: 'ada',
    });
    await program.said('held true');
    program.child.kill('SIGTERM');
    expect(await program.ended).toEqual([7, null]);
    expect(program.output()).toContain('mine');
    expect(await isFree(url, owner)).toBe(true);
  });

  it('by having nothing left to do gives its seat back: heartbeats keep nobody alive', async () => {
    const owner = await signUp(url);
    const program = startLicensed(`await client.start(); console.log('held');`, {
      url,
      licenseKey: keyOf(owner),
      directory: stateOf('ada'),
      hardwareId: 'ada',
    });
    expect(await program.ended).toEqual([0, null]);
    expect(await isFree(url, owner)).toBe(true);
  });
});

describe('programs that share a machine', () => {
  it('hold one seat together until the last of them ends, however the others did', async () => {
    const owner = await signUp(url);
    const settings = { url, licenseKey: keyOf(owner), directory: stateOf('ada'), hardwareId: 'ada' };
    const hold = `
      await client.start();
      console.log('seats', JSON.stringify(client.status().seats));
      setInterval(() => undefined, 1000);`;
    const programs = [1, 2, 3].map(() => startLicensed(hold, settings));
    for (const one of programs) await one.said('seats {"used":1,"max":1}');

    const [first, second, third] = programs;
    first?.child.kill('SIGKILL');
    await first?.ended;
    second?.child.kill('SIGTERM');
    await second?.ended;
    expect(await isFree(url, owner)).toBe(false);
    third?.child.kill('SIGTERM');
    await third?.ended;
    expect(await isFree(url, owner)).toBe(true);
  });
});

describe('answers that are signed', () => {
  it('are asked for and believed, refusals too', async () => {
    const owner = await beating(url);
    const settings = { url, licenseKey: keyOf(owner), signedAnswers: true, time: new HastyTime() };
    const ada = machine('ada', settings);
    const beaten: string[] = [];
    ada.on('warning', ({ code }) => void beaten.push(code));
    expect((await ada.start()).state).toBe('fresh');
    const eve = machine('eve', settings);
    expect((await eve.start()).trouble?.code).toBe('SEATS_EXHAUSTED');
    await ada.close();
    expect(beaten).toEqual([]);
    await eve.close();
  });
});

describe('a quota of 10 a day', () => {
  it('gives 10 to whoever asks for 50 at once, and says when there are more', async () => {
    // Of one day.
    await roomIn(86_400_000, 30_000);
    const owner = await signUp(url);
    const client = machine('ada', { url, licenseKey: keyOf(owner) });
    await client.start();
    let ran = 0;
    const command = client.withQuota('commands', () => (ran += 1));
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => command()));
    expect(ran).toBe(10);
    const refusals = results.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(refusals).toHaveLength(40);
    for (const one of refusals) expect(one).toBeInstanceOf(QuotaExhausted);
    const last = await client.use('commands');
    expect(last).toMatchObject({ allowed: false, remaining: 0, countedBy: 'server' });
    expect(last.resetsAt).toBe(new Date().setUTCHours(24, 0, 0, 0));
    await client.close();
  });

  it('is no other while the server is away, and the server hears of it afterwards (C44)', async () => {
    const owner = await signUp(url);
    const time = new HastyTime();
    const client = machine('ada', { url, licenseKey: keyOf(owner), time });
    await client.start();
    for (let i = 0; i < 4; i++) await client.use('commands');
    await server.stop();
    const here = [];
    for (let i = 0; i < 8; i++) here.push(await client.use('commands'));
    expect(here.filter((one) => one.allowed)).toHaveLength(6);
    expect(here.map((one) => one.countedBy)).toEqual(Array(8).fill('here'));

    await server.restart();
    const seen = () =>
      succeed<{ used: number }>(`${url}/api/v1/licenses/usage?meter=commands`, {
        bearer: owner.access_token,
      });
    await eventually(async () => expect((await seen()).used).toBe(10), { withinMs: 60_000 });
    await client.close();
    expect((await seen()).used).toBe(10);
  });
});

describe('whoever is signed in', () => {
  it('signed up and in through the same API', async () => {
    const anonymous = new GatehouseApi({ url });
    const idToken = await signInWithGoogle(newEmail());
    const made = await anonymous.register({ organizationName: 'Acme Tools', idToken });
    const again = await anonymous.login({ idToken });
    expect(again.tenant).toEqual(made.tenant);
    const bearer = { token: async () => again.accessToken, renew: async () => null };
    const api = new GatehouseApi({ url, bearer });
    const licence = await api.license(made.license?.id ?? '');
    expect(licence).toMatchObject({ tier: 'FREE', key: made.license?.key, maxSeats: 1, expiresAt: null });
    expect(await api.usage('commands')).toMatchObject({ limit: 10, used: 0, remaining: 10 });
    const verdict = await api.validate({ licenseKey: licence.key, nonce: 'n-1' });
    expect(verdict).toMatchObject({ valid: true, code: 'VALID', nonce: 'n-1', lease: null });
    await expect(api.license('lic_01k9zq6mwee4rr8q3fjz6c1v2d')).rejects.toMatchObject({
      status: 404,
      code: 'NOT_FOUND',
    });
    await expect(anonymous.me()).rejects.toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });

  it('has an expired token refreshed before use, once for all programs, and saved whole (S1-57, S1-58)', async () => {
    const owner = await signUp(url);
    const directory = stateOf('ada');
    const before = {
      accessToken: owner.access_token,
      refreshToken: owner.refresh_token,
      expiresAt: Date.now() - 1000,
      user: { email: owner.user.email, tenantId: owner.tenant.id, plan: owner.tenant.plan },
    };
    await authFile(directory).write(before);
    const programs = [1, 2, 3].map(() => machine('ada', { url, directory }));
    const statuses: LicenseStatus[] = await Promise.all(programs.map((one) => one.start()));
    expect(statuses.map((one) => [one.trouble, one.seat !== null])).toEqual(Array(3).fill([null, true]));

    const text = await readFile(join(directory, 'auth.json'), 'utf8');
    const after = JSON.parse(text) as Record<string, unknown>;
    expect(Object.keys(after)).toEqual(['access_token', 'refresh_token', 'expires_at', 'user', 'url']);
    expect(after['refresh_token']).not.toBe(owner.refresh_token);
    expect(after['user']).toEqual({
      email: owner.user.email,
      tenant_id: owner.tenant.id,
      plan: owner.tenant.plan,
    });
    expect((await stat(join(directory, 'auth.json'))).mode & 0o777).toBe(0o600);
    // The family lives: a second successor of the first token would have ended it.
    expect((await programs[0]!.api.me()).user.email).toBe(owner.user.email);
    const ids = [];
    for await (const license of programs[0]!.api.licenses({ limit: 1 })) ids.push(license.id);
    expect(ids).toEqual([owner.license.id]);
    await Promise.all(programs.map((one) => one.close()));
  });
});
