import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../paths.js';

/** The library has the names as types alone: they are read where those are declared. */
const DECLARED = join(root, 'node_modules/stripe/esm/resources');

let snapshots: ReadonlySet<string> | undefined;
let thin: ReadonlySet<string> | undefined;

/** Whether a webhook endpoint may ask for it; `*` is everything. https://docs.stripe.com/api/webhook_endpoints/create */
export function isSnapshotEvent(name: string): boolean {
  snapshots ??= new Set(
    namesIn(/type EnabledEvent = ([^;]+);/.exec(declared('WebhookEndpoints'))![1]!, /'([^']+)'/g),
  );
  return snapshots.has(name);
}

/** Whether a destination for thin events may. */
export function isThinEvent(name: string): boolean {
  thin ??= new Set(['*', ...namesIn(declared('V2/Core/Events'), /\btype: '(v\d\.[^']+)'/g)]);
  return thin.has(name);
}

const declared = (resource: string) => readFileSync(join(DECLARED, `${resource}.d.ts`), 'utf8');

const namesIn = (text: string, name: RegExp) => [...text.matchAll(name)].map(([, found]) => found!);
