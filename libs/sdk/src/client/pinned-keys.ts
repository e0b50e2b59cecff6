import { type Anchor, readAnchor } from '../anchors.js';
import { asObject, parseObject, readInstant, readList, readText, toInstant } from '../formats/claims.js';

/** What a client without shipped anchors believed of a server when it first met it. */
export interface PinnedKeys {
  /** Where the server was met. */
  url: string;
  issuer: string;
  anchors: readonly Anchor[];
  /** Epoch ms. */
  pinnedAt: number;
}

const VERSION = 1;
const MAX_SERVERS = 64;
const MAX_KEYS = 64;

/** JSON in snake_case; times in ISO 8601. */
export function formatPinned(all: readonly PinnedKeys[]): string {
  const servers = all.map(({ url, issuer, anchors, pinnedAt }) => ({
    url,
    issuer,
    keys: anchors.map(({ kid, x }) => ({ kid, x })),
    pinned_at: toInstant(pinnedAt),
  }));
  return `${JSON.stringify({ version: VERSION, servers }, null, 2)}\n`;
}

/** null, or InvalidDocument, for anything that formatPinned would not have written. */
export function parsePinned(text: string): readonly PinnedKeys[] | null {
  const content = parseObject(text, 'pinned keys');
  if (content['version'] !== VERSION) return null;
  return readList(content, 'servers', MAX_SERVERS, (item) => {
    const server = asObject(item, 'server');
    return {
      url: readText(server, 'url', 2048),
      issuer: readText(server, 'issuer'),
      anchors: readList(server, 'keys', MAX_KEYS, readAnchor),
      pinnedAt: readInstant(server, 'pinned_at'),
    };
  });
}
