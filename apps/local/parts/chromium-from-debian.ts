import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { causeInOutput, Refusal } from '../refusal.js';
import { type DebianProgram, fetchFromDebian, homeOf, LIBRARIES_OF_HERE } from './debian-packages.js';

const wrapper = join('bin', 'chromium-headless-shell');

/** Fonts of the packages, and of the machine where it has some: without any, Chromium draws no text. */
const WRAPPER = `#!/bin/sh
here=$(cd "$(dirname "$0")/.." && pwd)
${LIBRARIES_OF_HERE}
export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/usr/lib/chromium/chromium-headless-shell" "$@"
`;

const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="relative">font-cache</cachedir>
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
    writeFileSync(join(unpacked, wrapper), WRAPPER, { mode: 0o755 });
    writeFileSync(join(unpacked, 'fonts.conf'), FONTS);
  },
  tryOut: (unpacked) => promisify(execFile)(join(unpacked, wrapper), ['--version']),
};

export function unpackedChromium(): string | undefined {
  const chromium = join(homeOf(CHROMIUM.name), wrapper);
  return existsSync(chromium) ? chromium : undefined;
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
