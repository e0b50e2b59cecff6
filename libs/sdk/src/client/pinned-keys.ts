import type { Anchor } from '../anchors.js';

/** What a client without shipped anchors believed of a server when it first met it. */
export interface PinnedKeys {
  /** Where the server was met. */
  url: string;
  issuer: string;
  anchors: readonly Anchor[];
  /** Epoch ms. */
  pinnedAt: number;
}

/** Whether an address is one of this very machine. */
export function isLoopback(url: string): boolean {
  // A parsed host is canonical: 127.1 has become 127.0.0.1, and 127.0.0.1.example is no four numbers.
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * Whether keys may be believed on first use: over TLS the name of the server vouches for them, on loopback there is
 * nobody in between. Over bare HTTP whoever is in between could hand out keys of his own, for good.
 */
export const mayPin = (url: string): boolean => url.startsWith('https:') || isLoopback(url);
