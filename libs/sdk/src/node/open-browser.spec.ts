import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Desk, hasBrowser, openBrowser, openerOf } from './open-browser.js';

const desk = (more: Partial<Desk> = {}): Desk => ({
  ...{ platform: 'linux', variables: { DISPLAY: ':0' }, uid: 1000 },
  ...more,
});

describe('a browser of this machine', () => {
  it.each([
    [true, desk()],
    [true, desk({ variables: { WAYLAND_DISPLAY: 'wayland-0' } })],
    [true, desk({ platform: 'darwin', variables: {} })],
    [true, desk({ platform: 'win32', variables: {}, uid: undefined })],
    [false, desk({ variables: {} })],
    [false, desk({ variables: { DISPLAY: '' } })],
    [false, desk({ variables: { DISPLAY: ':0', SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' } })],
    [false, desk({ platform: 'darwin', variables: { SSH_TTY: '/dev/ttys1' } })],
    [false, desk({ uid: 0 })],
    [true, desk({ uid: 0, variables: { BROWSER: '/usr/bin/firefox' } })],
  ])('is there: %s, at %j', (there, at) => {
    expect(hasBrowser(at)).toBe(there);
  });

  it.each(['linux', 'darwin', 'win32'] as const)(
    'gets the address as one argument on %s, read by no shell',
    (platform) => {
      const url = 'https://licences.example/oauth/authorize?a=1&b=$(reboot)';
      const [program, ...args] = openerOf({ platform, variables: {} }, url);
      expect(program).not.toMatch(/sh|cmd/);
      expect(args.at(-1)).toBe(url);
    },
  );

  it('is opened with the address', async () => {
    const url = 'https://licences.example/oauth/authorize?a=1&b=$(reboot)';
    const directory = mkdtempSync(join(tmpdir(), 'gatehouse-desk-'));
    // A pipe: who reads from it waits for what is written to it.
    const pipe = join(directory, 'opened');
    execFileSync('mkfifo', [pipe]);
    writeFileSync(join(directory, 'xdg-open'), `#!/bin/sh\nprintf '%s|' "$@" > '${pipe}'\n`, { mode: 0o755 });
    const opened = readFile(pipe, 'utf8');
    expect(await openBrowser(url, desk({ variables: { DISPLAY: ':0', PATH: directory } }))).toBe(true);
    expect(await opened).toBe(`${url}|`);
  });

  it('is not opened where the program for that is missing', async () => {
    const variables = { DISPLAY: ':0', PATH: mkdtempSync(join(tmpdir(), 'gatehouse-desk-')) };
    expect(await openBrowser('https://licences.example', desk({ variables }))).toBe(false);
  });

  it('is not opened for what is no page, nor where there is none', async () => {
    for (const url of ['file:///etc/passwd', 'javascript:alert(1)', 'no address'])
      await expect(openBrowser(url, desk())).rejects.toThrow(TypeError);
    expect(await openBrowser('https://licences.example', desk({ uid: 0 }))).toBe(false);
  });
});
