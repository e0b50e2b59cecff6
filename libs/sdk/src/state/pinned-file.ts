import type { PinnedKeys } from '../client/pinned-keys.js';
import { asObject, parseObject, readInstant, readList, readText, toInstant } from '../formats/claims.js';
import type { LockOptions } from './file-lock.js';
import { StateFile } from './state-file.js';

const MAX_SERVERS = 64;
const MAX_KEYS = 64;

/** `servers.json`: the keys that were believed of each server on first use, like a known_hosts. */
export const pinnedFile = (directory: string, lock?: LockOptions) =>
  new StateFile<readonly PinnedKeys[]>(directory, 'servers.json', { format, parse }, lock);

function format(all: readonly PinnedKeys[]): string {
  const servers = all.map(({ url, issuer, anchors, pinnedAt }) => ({
    url,
    issuer,
    keys: anchors.map(({ kid, x }) => ({ kid, x })),
    pinned_at: toInstant(pinnedAt),
  }));
  return `${JSON.stringify({ version: 1, servers }, null, 2)}\n`;
}

function parse(text: string): readonly PinnedKeys[] | null {
  const content = parseObject(text, 'servers.json');
  if (content['version'] !== 1) return null;
  return readList(content, 'servers', MAX_SERVERS, (item) => {
    const server = asObject(item, 'server');
    return {
      url: readText(server, 'url', 2048),
      issuer: readText(server, 'issuer'),
      anchors: readList(server, 'keys', MAX_KEYS, (one) => {
        const key = asObject(one, 'key');
        return { kid: readText(key, 'kid', 128), x: readText(key, 'x', 64) };
      }),
      pinnedAt: readInstant(server, 'pinned_at'),
    };
  });
}
