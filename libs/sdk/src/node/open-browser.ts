import { spawn } from 'node:child_process';

/** Where a browser would be opened. */
export interface Desk {
  platform: NodeJS.Platform;
  variables: Readonly<Record<string, string | undefined>>;
  /** Of the process; undefined: the system has none. */
  uid: number | undefined;
}

/** This process. */
export const thisDesk = (): Desk => ({
  platform: process.platform,
  // The client is published: it has no part in the product's configuration and asks whether there is a display.
  // eslint-disable-next-line no-restricted-properties
  variables: process.env,
  uid: process.getuid?.(),
});

/**
 * Whether whoever started this sits before a screen of this machine, or has said which program opens pages (`BROWSER`). Not
 * root by itself: a browser of root's is nobody's.
 */
export function hasBrowser({ platform, variables, uid }: Desk): boolean {
  if (variables['BROWSER']) return true;
  if (uid === 0 || variables['SSH_CONNECTION'] || variables['SSH_TTY']) return false;
  if (platform === 'darwin' || platform === 'win32') return true;
  return Boolean(variables['DISPLAY'] || variables['WAYLAND_DISPLAY']);
}

/** What opens a page, as a program and its arguments: no shell reads the address. `BROWSER` is the name of a program, whole. */
export function openerOf(
  { platform, variables }: Pick<Desk, 'platform' | 'variables'>,
  url: string,
): [program: string, ...args: string[]] {
  if (variables['BROWSER']) return [variables['BROWSER'], url];
  if (platform === 'darwin') return ['open', url];
  // `start` is a word of cmd's, which would read the address; this is what it comes to.
  if (platform === 'win32') return ['rundll32.exe', 'url.dll,FileProtocolHandler', url];
  return ['xdg-open', url];
}

/** Opens a page in the person's browser. False: there is none, or it cannot be started. Throws TypeError for no page. */
export async function openBrowser(url: string, desk: Desk = thisDesk()): Promise<boolean> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new TypeError('Only a page can be opened in a browser.');
  if (!hasBrowser(desk)) return false;
  const [program, ...args] = openerOf(desk, new URL(url).href);
  return new Promise((resolve) => {
    const browser = spawn(program, args, {
      stdio: 'ignore',
      detached: true,
      shell: false,
      env: desk.variables,
    });
    browser.once('error', () => resolve(false));
    browser.once('spawn', () => {
      browser.unref();
      resolve(true);
    });
  });
}
