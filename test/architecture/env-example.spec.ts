import { readFileSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ConfigError, knownSettings, loadConfig, readEnvironment } from '#platform';
import { API_CONCERNS } from '../../apps/api/api.module.js';
import { WORKER_CONCERNS } from '../../apps/worker/worker.module.js';
import { envExample } from './env-example.js';

const FILE = '.env.example';

describe(FILE, () => {
  const { text, names } = envExample();
  if (process.env.GATEHOUSE_WRITE) writeFileSync(FILE, text);
  const kept = readFileSync(FILE, 'utf8');

  it('is what the settings in the code say', () => {
    if (kept !== text) {
      throw new Error(
        `${FILE} is not what the code says. Write it anew: GATEHOUSE_WRITE=1 npm test -- test/architecture/env-example\n${firstDifference(kept, text)}`,
      );
    }
  });

  it('holds every setting that the code declares, once', () => {
    expect([...names].sort()).toEqual(
      knownSettings()
        .map((one) => one.name)
        .sort(),
    );
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(50);
  });

  it('shows what holds when a setting is left out, in words that the setting takes', () => {
    const uncommented = parseEnv(kept.replace(/^#(?=[A-Z][A-Z0-9_]*=)/gm, ''));
    for (const one of knownSettings()) {
      const unset = one.schema.safeParse(undefined);
      const written = uncommented[one.name];
      if (!unset.success || !written) continue;
      expect([one.name, one.schema.safeParse(written)]).toEqual([one.name, unset]);
    }
  });

  it('holds no secret, not even as a default', () => {
    const uncommented = parseEnv(kept.replace(/^#(?=[A-Z][A-Z0-9_]*=)/gm, ''));
    const secrets = knownSettings().filter((one) => one.secret);
    expect(secrets.length).toBeGreaterThan(10);
    for (const one of secrets) expect([one.name, uncommented[one.name]]).toEqual([one.name, '']);
  });

  it.each([
    [
      'the API',
      API_CONCERNS,
      ['SECRETS_KEY', 'SEAT_KEYS', 'AUTH_SIGNING_KEY', 'DATABASE_URL', 'REDIS_URL', 'BASE_URL'],
    ],
    [
      'the worker',
      WORKER_CONCERNS,
      ['SECRETS_KEY', 'SEAT_KEYS', 'DATABASE_SYSTEM_URL', 'MAIL_TRANSPORT', 'MAIL_FROM'],
    ],
  ])('starts nothing as it is, and says for %s what is missing', (_, concerns, missing) => {
    const environment = readEnvironment({ ...parseEnv(kept), ENV: 'production' });
    expect(() => loadConfig(concerns, environment)).toThrow(ConfigError);
    const faults = faultsOf(() => loadConfig(concerns, environment));
    for (const name of missing)
      expect(faults).toContainEqual(expect.stringMatching(`^${name}: it is needed and not set`));
    // A name in it that no process knows would be told here.
    expect(faults.filter((fault) => fault.includes('no such setting'))).toEqual([]);
  });
});

function faultsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

function firstDifference(kept: string, wanted: string): string {
  const [left, right] = [kept.split('\n'), wanted.split('\n')];
  const line = right.findIndex((one, index) => one !== left[index]);
  return line < 0
    ? `It has ${left.length - right.length} lines too many.`
    : `Line ${line + 1}: ${left[line] ?? '(nothing)'}\ninstead of ${right[line]}`;
}
