import { runtimeOf } from './runtime-file.js';

describe('runtime.json', () => {
  const part = (url: string, pid: number) => ({ url, pid, stop: () => {}, logFile: '/log', name: 'x' });
  const parts = {
    api: part('http://127.0.0.1:3000/', 10),
    worker: part('http://127.0.0.1:3001', 11),
    postgres: { url: 'postgres://u:p@db/x', pid: null },
    redis: part('redis://:p@127.0.0.1:6379', 12),
    firebase_auth: part('http://127.0.0.1:9099/', 13),
    mail: { ...part('http://127.0.0.1:8025', 14), smtp_url: 'smtp://127.0.0.1:2525' },
    stripe: { ...part('http://127.0.0.1:4242', 15), webhook_secret: 'whsec_1' },
  };

  it('lists every part with url and pid and nothing else of it', () => {
    expect(runtimeOf(parts)).toEqual({
      api: { url: 'http://127.0.0.1:3000', pid: 10 },
      worker: { url: 'http://127.0.0.1:3001', pid: 11 },
      postgres: { url: 'postgres://u:p@db/x', pid: null },
      redis: { url: 'redis://:p@127.0.0.1:6379', pid: 12 },
      firebase_auth: { url: 'http://127.0.0.1:9099', pid: 13 },
      mail: { url: 'http://127.0.0.1:8025', pid: 14, smtp_url: 'smtp://127.0.0.1:2525' },
      stripe: { url: 'http://127.0.0.1:4242', pid: 15, webhook_secret: 'whsec_1' },
    });
  });

  it('names the API where it can be reached', () => {
    const open = runtimeOf({ ...parts, api: part('http://0.0.0.0:3000/', 10) });
    expect(open.api.url).toBe('http://127.0.0.1:3000');
  });
});
