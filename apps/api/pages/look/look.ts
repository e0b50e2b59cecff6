import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

interface Asset {
  type: string;
  bytes: Buffer;
}

const TYPES = {
  'pages.css': 'text/css; charset=utf-8',
  'token.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;

type Name = keyof typeof TYPES;

/** The files that pages are made of, by a name that changes with what is in them. */
const assets = new Map<string, Asset>();
const hrefs = new Map<Name, string>();

for (const [name, type] of Object.entries(TYPES)) {
  const bytes = readFileSync(new URL(`./${name}`, import.meta.url));
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const [stem, ending] = name.split('.');
  const file = `${stem}.${hash}.${ending}`;
  assets.set(file, { type, bytes });
  hrefs.set(name as Name, `/pages/${file}`);
}

/** Where a browser finds a file, for as long as this build is what serves. */
export const hrefOf = (name: Name): string => hrefs.get(name) ?? '';

export const assetOf = (file: string): Asset | undefined => assets.get(file);
