import { formatPinned, parsePinned, type PinnedKeys } from '../client/pinned-keys.js';
import { StateFile } from './state-file.js';

/** `servers.json`: the keys that were believed of each server on first use, like a known_hosts. */
export const pinnedFile = (directory: string) =>
  new StateFile<readonly PinnedKeys[]>(directory, 'servers.json', {
    format: formatPinned,
    parse: parsePinned,
  });
