import { existsSync } from 'node:fs';
import { Refusal } from '../refusal.js';
import { fetchChromiumFromDebian, unpackedChromium } from './chromium-from-debian.js';
import { hasDebianPackages } from './debian-packages.js';
import { isExecutable, onPath } from './programs.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const APPLICATIONS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * The path of a Chromium or Chrome for the browser tests: BROWSER_PATH, one that is installed, the one unpacked before,
 * else, on Debian, fetched with apt-get and unpacked under .gatehouse. Throws a Refusal that says what to do.
 */
export async function findBrowser(environment: NodeJS.ProcessEnv): Promise<string> {
  const named = environment.BROWSER_PATH;
  if (named) {
    if (isExecutable(named)) return named;
    throw new Refusal(`BROWSER_PATH is ${named}, and there is no program.`);
  }
  const installed = NAMES.map((name) => onPath(name)).find(Boolean) ?? APPLICATIONS.find(existsSync);
  const found = installed ?? unpackedChromium();
  if (found) return found;
  if (hasDebianPackages()) return fetchChromiumFromDebian();
  throw new Refusal(
    'The browser tests need Chromium or Chrome: install one, or set BROWSER_PATH to its program.',
  );
}
