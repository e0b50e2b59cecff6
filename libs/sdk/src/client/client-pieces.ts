import type { GatehouseApi } from '../api/gatehouse-api.js';
import { deviceHash } from '../crypto/client-crypto.js';
import type { Emitter } from './emitter.js';
import type { LicenseEvents } from './events.js';
import { KeyRing } from './key-ring.js';
import type { LicenseClientOptions } from './license-client-options.js';
import { LicenseRecord } from './license-record.js';
import { memoryStores } from './memory-stores.js';
import type { ClientPlatform, ClientStores } from './platform.js';
import { Pulse } from './pulse.js';
import { SeatKeeper } from './seat-keeper.js';
import { UsageMeter } from './usage-meter.js';

/** What a client is made of, once it has read what is remembered. */
export interface ClientPieces {
  hardwareId: string;
  stores: ClientStores;
  record: LicenseRecord;
  keys: KeyRing;
  keeper: SeatKeeper;
  usage: UsageMeter;
  pulse: Pulse;
}

/** Reads what is remembered of this device. A machine that lets us keep nothing costs a warning. */
export async function openPieces(
  options: LicenseClientOptions,
  platform: ClientPlatform,
  api: GatehouseApi,
  events: Emitter<LicenseEvents>,
): Promise<ClientPieces> {
  const { crypto, time } = platform;
  const now = () => time.now();
  const onNotSaved = (cause: unknown) => {
    const message = 'The state directory could not be used; what should be there is only in memory.';
    events.emit('warning', { code: 'NOT_SAVED', message, refusal: null, nextInMs: null, cause });
  };

  const hardwareId = options.hardwareId ?? (await platform.hardwareId());
  const device = await deviceHash(hardwareId, crypto);
  const stores = await platform.open(device).catch((error: unknown) => {
    onNotSaved(error);
    return memoryStores();
  });
  const keys = new KeyRing({
    url: api.url,
    anchors: options.anchors ?? [],
    issuer: options.issuer,
    crypto,
    pinned: stores.pinned,
    ask: () => api.keys(),
    now,
    onPinned: ({ url, issuer, anchors }) =>
      events.emit('keys-pinned', { url, issuer, kids: anchors.map((anchor) => anchor.kid) }),
  });
  const record = new LicenseRecord({ store: stores.offline, keys, device, now, onNotSaved });
  await record.load();

  const { licenseKey, licenseId, free } = options;
  const hasBearer = (options.bearer ?? platform.bearer) !== undefined;
  const keeper = new SeatKeeper({
    ...{ api, record, keys, crypto, events, now },
    ...{ hardwareId, device, licenseKey, licenseId, hasBearer },
    needsKeysFirst: options.signedAnswers ?? false,
  });
  const onPending = () => pulse.hasNews();
  const usage = new UsageMeter({ api, record, crypto, now, licenseKey, licenseId, free, onPending });
  const pulse: Pulse = new Pulse({ time, record, keeper, usage, events });
  return { hardwareId, stores, record, keys, keeper, usage, pulse };
}
