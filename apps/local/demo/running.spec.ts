import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Refusal } from '../refusal.js';
import { readRunning } from './running.js';

const RUNNING = {
  api: { url: 'http://127.0.0.1:3000', pid: 7 },
  firebase_auth: { url: 'http://127.0.0.1:9099', pid: 8 },
  mail: { url: null, pid: null },
  stripe: { webhook_secret: 'whsec_x' },
};

describe('what the demo reads of a running Gatehouse', () => {
  let directory: string;
  beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'gatehouse-demo-'))));
  afterAll(() => rmSync(directory, { recursive: true }));

  const read = (content: string | null) => {
    const file = join(directory, content === null ? 'nothing.json' : 'runtime.json');
    if (content !== null) writeFileSync(file, content);
    return readRunning(file);
  };

  it('is where its parts are', () => {
    expect(read(JSON.stringify(RUNNING))).toMatchObject({
      api: { url: RUNNING.api.url },
      mail: { url: null },
    });
  });

  it.each<[string, string | null, RegExp]>([
    ['nothing runs', null, /^Nothing runs from this clone/],
    ['the file is half a file', '{"api": ', /runtime\.json does not say what runs where/],
    ['the file is of something else', '{"api": {}}', /runtime\.json does not say what runs where/],
    [
      'people sign in with a real Firebase project',
      JSON.stringify({ ...RUNNING, firebase_auth: { url: 'https://identitytoolkit.googleapis.com' } }),
      /npm start without FIREBASE_PROJECT_ID/,
    ],
  ])('is refused in a sentence when %s', (_, content, sentence) => {
    expect(() => read(content)).toThrow(Refusal);
    expect(() => read(content)).toThrow(sentence);
  });
});
