import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError, configOf, flag, key32, list, loadConfig, secret, setting, whole } from './config.js';
import { readEnvironment } from './environment.js';
import { RuntimeConfig } from './runtime.config.js';

/** A concern in a family that is watched for names that do not exist. */
class ParcelConfig extends configOf(
  'parcel',
  {
    seatUrl: setting('SEAT_PARCEL_URL', z.url({ error: 'must be a URL' }), 'Where parcels go.'),
    seatCount: setting('SEAT_PARCEL_COUNT', whole(1, 9).default(3), 'How many.'),
    seatKey: secret('SEAT_PARCEL_KEY', key32().optional(), 'Seals parcels.'),
    express: setting('SEAT_PARCEL_EXPRESS', flag(false), 'Whether in a hurry.'),
    stops: setting('SEAT_PARCEL_STOPS', list().default([]), 'Where to stop.'),
  },
  (values, env) =>
    env === 'production' && values.express ? ['SEAT_PARCEL_EXPRESS: production is never in a hurry.'] : [],
) {}

const URL_SET = { ENV: 'test', SEAT_PARCEL_URL: 'http://a.example' };

const load = (variables: Record<string, string | undefined>) =>
  loadConfig([RuntimeConfig, ParcelConfig], readEnvironment(variables)).of(ParcelConfig);

function faultsOf(variables: Record<string, string | undefined>): readonly string[] {
  try {
    load(variables);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('loadConfig', () => {
  it('gives typed values and defaults, frozen', () => {
    const config = load({ ...URL_SET, SEAT_PARCEL_EXPRESS: 'true', SEAT_PARCEL_STOPS: ' a, b,,c ' });
    expect(config).toMatchObject({
      seatUrl: 'http://a.example',
      seatCount: 3,
      express: true,
      stops: ['a', 'b', 'c'],
    });
    expect(() => Object.assign(config, { seatCount: 4 })).toThrow(TypeError);
  });

  it('tells every fault at once, one sentence each', () => {
    expect(
      faultsOf({
        ENV: 'prod',
        LOG_LEVEL: 'loud',
        SEAT_PARCEL_URL: 'nowhere',
        SEAT_PARCEL_COUNT: '10',
        SEAT_PARCEL_KEY: 'c2hvcnQ=',
        SEAT_PARCEL_EXPRESS: 'yes',
        SEAT_PARCEL_COUTN: '3',
      }),
    ).toEqual([
      'SEAT_PARCEL_COUTN: no such setting; did you mean SEAT_PARCEL_COUNT?',
      'ENV: must be one of local, test, staging, production. Which guards are on: local, test, staging or production.',
      expect.stringMatching(/^LOG_LEVEL: .+ How much is logged/),
      'SEAT_PARCEL_URL: must be a URL. Where parcels go.',
      'SEAT_PARCEL_COUNT: must be at most 9. How many.',
      'SEAT_PARCEL_KEY: must be 32 bytes in base64. Seals parcels.',
      'SEAT_PARCEL_EXPRESS: must be true or false. Whether in a hurry.',
    ]);
  });

  it('tells all of them in the message, for who reads no list', () => {
    const error = new ConfigError(['A: one.', 'B: two.']);
    expect(error.message).toBe('The configuration cannot be used:\n  - A: one.\n  - B: two.');
  });

  it('quotes no value: it may be a secret', () => {
    const all = faultsOf({
      ENV: 'hunter2',
      SEAT_PARCEL_URL: 'hunter2',
      SEAT_PARCEL_COUNT: 'hunter2',
      SEAT_PARCEL_KEY: 'hunter2',
    });
    expect(all).toHaveLength(4);
    expect(all.join()).not.toContain('hunter2');
  });

  it.each([undefined, ''])('says of a setting that is %p that it is needed', (value) => {
    expect(faultsOf({ ENV: value, SEAT_PARCEL_URL: value })).toEqual([
      'ENV: it is needed and not set. Which guards are on: local, test, staging or production.',
      'SEAT_PARCEL_URL: it is needed and not set. Where parcels go.',
    ]);
  });

  it('takes an empty variable as unset, which is what compose files make of one', () => {
    expect(
      load({
        ...URL_SET,
        SEAT_PARCEL_COUNT: '',
        SEAT_PARCEL_KEY: '',
        SEAT_PARCEL_EXPRESS: '',
        SEAT_PARCEL_STOPS: '',
      }),
    ).toMatchObject({
      seatCount: 3,
      seatKey: undefined,
      express: false,
      stops: [],
    });
  });

  it('applies the rules of a concern once its values hold, for the environment they run in', () => {
    const hurried = { ...URL_SET, SEAT_PARCEL_EXPRESS: 'true' };
    expect(faultsOf({ ...hurried, ENV: 'production' })).toEqual([
      'SEAT_PARCEL_EXPRESS: production is never in a hurry.',
    ]);
    expect(faultsOf(hurried)).toEqual([]);
    // Nobody knows where it runs: what production refuses is told too.
    expect(faultsOf({ ...hurried, ENV: undefined })).toContain(
      'SEAT_PARCEL_EXPRESS: production is never in a hurry.',
    );
  });

  it('says which concern was not loaded', () => {
    const values = loadConfig([RuntimeConfig], readEnvironment({ ENV: 'test' }));
    expect(() => values.of(ParcelConfig)).toThrow('The settings of parcel were not loaded.');
  });
});

describe('names that do not exist', () => {
  const unknown = (name: string) => faultsOf({ ...URL_SET, [name]: 'x' });

  it.each([
    ['SEAT_PARCL_URL', 'SEAT_PARCL_URL: no such setting; did you mean SEAT_PARCEL_URL?'],
    ['SEAT_PARCEL', 'SEAT_PARCEL: no such setting; did you mean SEAT_PARCEL_URL?'],
    ['SEAT_PARCEL_URLS', 'SEAT_PARCEL_URLS: no such setting; did you mean SEAT_PARCEL_URL?'],
    ['SEAT_SOMETHING_ELSE', 'SEAT_SOMETHING_ELSE: no such setting.'],
    ['SEAT_PARCL_KEY_FILE', 'SEAT_PARCL_KEY: no such setting; did you mean SEAT_PARCEL_KEY?'],
  ])('in a family of ours are refused: %s', (name, sentence) => {
    expect(unknown(name)).toEqual([sentence]);
  });

  it.each([
    'PATH',
    'HOSTNAME',
    // Of a family that this process does not read: the worker's, in an environment that both share.
    'MAIL_TRANSPROT',
    // What Kubernetes sets for a service called seat.
    'SEAT_SERVICE_HOST',
    'SEAT_SERVICE_PORT',
    'SEAT_SERVICE_PORT_HTTP',
    'SEAT_PORT',
    'SEAT_PORT_6379_TCP',
    'SEAT_PORT_6379_TCP_ADDR',
    'SEAT_PORT_6379_TCP_PROTO',
  ])('are nobody’s business otherwise: %s', (name) => {
    expect(unknown(name)).toEqual([]);
  });
});

describe('NAME_FILE', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-config-'));
  const file = (name: string, text: string | Buffer) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  afterAll(() => rmSync(directory, { recursive: true }));

  const fromFile = (path: string, more = {}) => ({ ENV: 'test', SEAT_PARCEL_URL_FILE: path, ...more });

  it.each([
    ['as it is', 'http://a.example'],
    ['without its last line break', 'http://a.example\n'],
    ['without that of Windows', 'http://a.example\r\n'],
  ])('stands for the text of the file, %s', (_, text) => {
    expect(load(fromFile(file('url', text))).seatUrl).toBe('http://a.example');
  });

  it('takes only the last line break: a PEM keeps its own', () => {
    const environment = readEnvironment({ KEY_FILE: file('pem', '-----BEGIN-----\nabc\n-----END-----\n') });
    expect(environment.get('KEY')).toBe('-----BEGIN-----\nabc\n-----END-----');
  });

  it('works for ENV as for every other', () => {
    const variables = {
      SEAT_PARCEL_URL: 'http://a.example',
      SEAT_PARCEL_EXPRESS: 'true',
      ENV_FILE: file('env', 'production\n'),
    };
    expect(faultsOf(variables)).toEqual(['SEAT_PARCEL_EXPRESS: production is never in a hurry.']);
  });

  it('may not be set beside NAME; empty is not set', () => {
    const path = file('url', 'http://a.example');
    expect(faultsOf(fromFile(path, { SEAT_PARCEL_URL: 'http://b.example' }))).toEqual([
      'SEAT_PARCEL_URL: both it and SEAT_PARCEL_URL_FILE are set; keep one.',
    ]);
    expect(load(fromFile(path, { SEAT_PARCEL_URL: '' })).seatUrl).toBe('http://a.example');
    expect(load({ ...URL_SET, SEAT_PARCEL_URL_FILE: '' }).seatUrl).toBe('http://a.example');
  });

  it('that cannot be read is told with its path, among the other faults', () => {
    const missing = join(directory, 'none');
    expect(faultsOf({ ENV_FILE: missing, SEAT_PARCEL_URL_FILE: directory, SEAT_PARCEL_COUNT: '0' })).toEqual([
      expect.stringMatching(`^ENV_FILE: the file ${missing} cannot be read \\(ENOENT`),
      expect.stringMatching(`^SEAT_PARCEL_URL_FILE: the file ${directory} cannot be read \\(EISDIR`),
      'SEAT_PARCEL_COUNT: must be at least 1. How many.',
    ]);
  });

  it('that this user may not read is told', () => {
    const path = file('secret', 'x');
    chmodSync(path, 0);
    // Root reads everything.
    if (process.getuid?.() === 0) return;
    expect(faultsOf(fromFile(path))).toEqual([expect.stringContaining('EACCES')]);
  });

  it('that is empty is an unset variable', () => {
    expect(faultsOf(fromFile(file('empty', '\n')))).toEqual([
      'SEAT_PARCEL_URL: it is needed and not set. Where parcels go.',
    ]);
  });

  it('that is a log by mistake is refused, not read into the memory of every part', () => {
    expect(faultsOf(fromFile(file('log', Buffer.alloc(100_000, 'x'))))).toEqual([
      expect.stringContaining('larger than 65536 bytes'),
    ]);
  });
});
