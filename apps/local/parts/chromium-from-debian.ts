import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { causeInOutput, Refusal } from '../refusal.js';
import { type DebianProgram, fetchFromDebian, homeOf, LIBRARIES_OF_HERE } from './debian-packages.js';

const wrapper = join('bin', 'chromium-headless-shell');

/** fontconfig knows no cache directory relative to its file, only to XDG_CACHE_HOME: else it lies where tests were begun. */
const WRAPPER = `#!/bin/sh
here=$(cd "$(dirname "$0")/.." && pwd)
${LIBRARIES_OF_HERE}
export FONTCONFIG_FILE="$here/fonts.conf" XDG_CACHE_HOME="$here/cache"
exec "$here/usr/lib/chromium/chromium-headless-shell" "$@"
`;

/** Fonts of the packages, and of the machine where it has some: without any, Chromium draws no text. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias><family>system-ui</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
`;

const CHROMIUM: DebianProgram = {
  name: 'chromium',
  // 100 MB with the libraries that a container image lacks; `chromium` itself brings GTK and 80 MB more.
  packages: ['chromium-headless-shell', 'chromium-common', 'fonts-dejavu-core'],
  prepare: (unpacked) => {
    mkdirSync(dirname(join(unpacked, wrapper)));
    writeLaunchFiles(unpacked);
  },
  tryOut: (unpacked) => promisify(execFile)(join(unpacked, wrapper), ['--version']),
};

/** The one that is there, begun as this version begins it. */
export function unpackedChromium(home = homeOf(CHROMIUM.name)): string | undefined {
  const chromium = join(home, wrapper);
  if (!existsSync(chromium)) return undefined;
  writeLaunchFiles(home);
  return chromium;
}

function writeLaunchFiles(home: string): void {
  write(join(home, wrapper), WRAPPER, 0o755);
  write(join(home, 'fonts.conf'), FONTS, 0o644);
}

/** Whole or not at all: another command may be starting Chromium. */
function write(file: string, content: string, mode: number): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === content) return;
  const whole = `${file}.${process.pid}`;
  writeFileSync(whole, content, { mode });
  renameSync(whole, file);
}

/** Fetches Debian's headless Chromium with a font, and unpacks it under .gatehouse. Throws a Refusal. */
export async function fetchChromiumFromDebian(): Promise<string> {
  process.stdout.write('Fetching Chromium from the distribution, once ...\n');
  try {
    await fetchFromDebian(CHROMIUM);
    return join(homeOf(CHROMIUM.name), wrapper);
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const output = stderr || message;
    throw new Refusal(
      causeInOutput(output) ??
        `The browser tests need Chromium, which is missing and could not be fetched from the distribution. Check ` +
          `the network, or install it (sudo apt-get install chromium), or set BROWSER_PATH to one.\n${output.trim()}`,
    );
  }
}
