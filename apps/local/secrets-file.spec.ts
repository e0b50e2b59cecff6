import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepPasswords, keepSecrets, parseSecrets } from './secrets-file.js';

const newFile = () => join(mkdtempSync(join(tmpdir(), 'secrets-')), 'secrets.env');
const generate = (secrets: Record<string, string>) => () => Promise.resolve(secrets);
const never = () => Promise.reject(new Error('asked again'));

describe('the secrets of a clone', () => {
  it('are made once and stay the same', async () => {
    const file = newFile();
    const made = await keepSecrets(file, 'one', generate({ KEY: 'a=b==', OTHER: '{"x":1}' }));
    expect(await keepSecrets(file, 'one', never)).toEqual(made);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('gain what a newer product needs and lose nothing', async () => {
    const file = newFile();
    await keepSecrets(file, 'one', generate({ KEY: 'old' }));
    expect(await keepSecrets(file, 'two', generate({ KEY: 'new', MORE: 'm' }))).toEqual({
      KEY: 'old',
      MORE: 'm',
    });
    expect(readFileSync(file, 'utf8')).toContain('KEY=old\nMORE=m\n');
  });

  it('are lines of KEY=value', () => {
    expect(parseSecrets('# no\n\nA_KEY=x=y\nnonsense\nB="z"')).toEqual({ A_KEY: 'x=y', B: '"z"' });
  });
});

it('gives every database role a password of its own, once', () => {
  const file = newFile();
  const first = keepPasswords(file, ['app', 'system']);
  expect(first.app).not.toBe(first.system);
  expect(keepPasswords(file, ['app', 'system', 'migrator'])).toMatchObject(first);
});
