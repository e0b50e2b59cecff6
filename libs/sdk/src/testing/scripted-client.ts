import type { LicenseEvents } from '../client/events.js';
import type { LicenseClientOptions } from '../client/license-client-options.js';
import { memoryStores } from '../client/memory-stores.js';
import { PortableLicenseClient } from '../client/portable-license-client.js';
import { nodeCrypto } from '../crypto/node-crypto.js';
import { FakeTime } from './fake-time.js';
import { ScriptedServer } from './scripted-server.js';

/** A client whose time, network and memory are the test's. */
export function scripted(options: Partial<LicenseClientOptions> = {}) {
  const time = new FakeTime();
  const server = new ScriptedServer(time.truth);
  const stores = memoryStores();
  const heard: { [K in keyof LicenseEvents]: LicenseEvents[K][] } = {
    state: [],
    warning: [],
    seat: [],
    'seat-lost': [],
    waiting: [],
    recovered: [],
    'keys-pinned': [],
  };
  /** Another run of the program, on the same memory. */
  const start = (more: Partial<LicenseClientOptions> = {}) => {
    const client = new PortableLicenseClient(
      {
        url: 'https://licences.example',
        licenseKey: 'GH-PRO-0123456789AB-3A5F',
        hardwareId: 'laptop',
        anchors: [server.signer.anchor],
        fetch: server.fetch,
        ...options,
        ...more,
      },
      {
        crypto: nodeCrypto,
        time,
        hardwareId: async () => 'laptop',
        open: async () => stores,
      },
    );
    for (const name of Object.keys(heard) as (keyof LicenseEvents)[])
      client.on(name, (payload) => void (heard[name] as unknown[]).push(payload));
    return client;
  };
  return { time, server, stores, heard, start, client: start() };
}
