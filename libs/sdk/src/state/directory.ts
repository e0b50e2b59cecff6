import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

export interface DirectoryOptions {
  /** The directory itself; nothing else is looked at. */
  directory?: string;
  /** Names the directory. A vendor's programs that share a licence share the name. */
  application?: string;
  platform?: NodeJS.Platform;
  /** The home directory. */
  home?: string;
  /** Environment variables. */
  variables?: Readonly<Record<string, string | undefined>>;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Where a client keeps its state: `$XDG_STATE_HOME` or `~/.local/state` (XDG Base Directory 0.8: state that persists but
 * is not worth carrying to another machine), `~/Library/Application Support` on macOS, `%LOCALAPPDATA%` on Windows, for
 * what does not roam; in it a directory named after the application. Throws TypeError for a name that is no file name.
 */
export function stateDirectory(options: DirectoryOptions = {}): string {
  const { application = 'gatehouse', platform = process.platform, home = homedir() } = options;
  if (options.directory !== undefined) return options.directory;
  if (!NAME.test(application)) throw new TypeError(`${JSON.stringify(application)} cannot name a directory.`);
  // The client is published: it has no part in the product's configuration and reads two variables of the system.
  // eslint-disable-next-line no-restricted-properties
  const variables = options.variables ?? process.env;

  switch (platform) {
    case 'win32':
      return win32.join(variables['LOCALAPPDATA'] || win32.join(home, 'AppData', 'Local'), application);
    case 'darwin':
      return posix.join(home, 'Library', 'Application Support', application);
    default: {
      const chosen = variables['XDG_STATE_HOME'];
      // The specification: a relative path is invalid and to be ignored.
      const base = chosen && posix.isAbsolute(chosen) ? chosen : posix.join(home, '.local', 'state');
      return posix.join(base, application);
    }
  }
}
