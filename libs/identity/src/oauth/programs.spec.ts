import { DeviceName, isRedirectUri, programOf } from './programs.js';

describe('where a code may go', () => {
  it.each([
    'http://127.0.0.1:8787/callback',
    'http://127.0.0.1:1/callback',
    'http://127.0.0.1:65535/callback',
    'http://127.0.0.1/callback',
    'http://[::1]:40123/callback',
  ])('to a loopback address, whatever the port: %s', (uri) => {
    expect(isRedirectUri(uri)).toBe(true);
  });

  it.each([
    '',
    'http://localhost:8787/callback',
    'https://127.0.0.1:8787/callback',
    'http://127.0.0.1:8787/',
    'http://127.0.0.1:8787/callback/',
    'http://127.0.0.1:8787/callback?x=1',
    'http://127.0.0.1:8787/callback#x',
    'http://127.0.0.1:8787/other/callback',
    'http://127.0.0.1:0/callback',
    'http://127.0.0.1:65536/callback',
    'http://127.0.0.1:08787/callback',
    'http://127.0.0.1:/callback',
    'http://127.0.0.1.evil.example/callback',
    'http://127.0.0.1@evil.example/callback',
    'http://127.0.0.1:80@evil.example/callback',
    'http://user@127.0.0.1:8787/callback',
    'http://127.1:8787/callback',
    'http://2130706433:8787/callback',
    'http://0.0.0.0:8787/callback',
    'http://127.0.0.2:8787/callback',
    'http://[::ffff:127.0.0.1]:8787/callback',
    'http://evil.example/callback',
    'HTTP://127.0.0.1:8787/callback',
    ' http://127.0.0.1:8787/callback',
    'http://127.0.0.1:8787/callback\n',
    'javascript:alert(1)//http://127.0.0.1/callback',
    `http://127.0.0.1:${'1'.repeat(100_000)}/callback`,
  ])('nowhere else: %p', (uri) => {
    expect(isRedirectUri(uri)).toBe(false);
  });
});

describe('a program', () => {
  it('is known by its id, as it is written', () => {
    expect(programOf('gatehouse-cli')?.name).toBe('Gatehouse CLI');
    for (const id of [undefined, '', 'Gatehouse-CLI', 'constructor', 'svc_01k9zq6mwee4rr8q3fjz6c1v2d'])
      expect(programOf(id)).toBeNull();
  });

  it.each([
    ['Ada’s laptop', true],
    ['Büro 3 – Ostflügel 💻', true],
    ['', false],
    ['   ', false],
    ['x'.repeat(81), false],
    ['two\nlines', false],
    ['turned \u202Earound', false],
    ['with\0nothing', false],
    ['a\u2028b', false],
  ])('may call its device %p: %p', (name, isOne) => {
    expect(DeviceName.safeParse(name).success).toBe(isOne);
  });
});
