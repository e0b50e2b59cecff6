import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackedChromium } from './chromium-from-debian.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'chromium-'));
});
afterEach(() => rmSync(home, { recursive: true }));

describe('Chromium that was unpacked before', () => {
  it('keeps what fontconfig caches below itself, also where an earlier version unpacked it', () => {
    mkdirSync(join(home, 'bin'));
    mkdirSync(join(home, 'usr/lib/chromium'), { recursive: true });
    writeFileSync(join(home, 'bin/chromium-headless-shell'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    writeFileSync(join(home, 'fonts.conf'), '<cachedir prefix="relative">font-cache</cachedir>');
    const shell = '#!/bin/sh\necho "$XDG_CACHE_HOME $FONTCONFIG_FILE"\n';
    writeFileSync(join(home, 'usr/lib/chromium/chromium-headless-shell'), shell, { mode: 0o755 });
    const chromium = unpackedChromium(home) ?? '';
    expect(execFileSync(chromium, { encoding: 'utf8' })).toBe(`${home}/cache ${home}/fonts.conf\n`);
    expect(readFileSync(join(home, 'fonts.conf'), 'utf8')).toContain(
      '<cachedir prefix="xdg">fontconfig</cachedir>',
    );
    expect(readdirSync(home).sort()).toEqual(['bin', 'fonts.conf', 'usr']);
  });

  it('is none where nothing is', () => {
    expect(unpackedChromium(home)).toBeUndefined();
  });
});
