import { GatehouseApi } from '../api/gatehouse-api.js';
import { SessionTokens } from '../auth/session-tokens.js';
import type { LicenseClientOptions } from '../client/license-client-options.js';
import { type ClientPlatform, type ClientTime, systemTime } from '../client/platform.js';
import { PortableLicenseClient } from '../client/portable-license-client.js';
import { nodeCrypto } from '../crypto/node-crypto.js';
import { authFile } from '../state/auth-file.js';
import { stateDirectory } from '../state/directory.js';
import { holdersFile } from '../state/holders-file.js';
import { offlineFile } from '../state/offline-file.js';
import { pinnedFile } from '../state/pinned-file.js';
import { machineHardwareId } from './hardware-id.js';
import { onProgramEnd } from './program-end.js';

/** In Node, beside what every platform takes. */
export interface NodeLicenseClientOptions extends LicenseClientOptions {
  /** Names the state directory and enters the hardware id. A vendor's programs that share a licence share the name. */
  application?: string;
  /** The state directory itself. */
  directory?: string;
  /** Whether the seat is given back when the program ends or is ended by a signal; true when left out. */
  closesOnEnd?: boolean;
}

/**
 * The licence client for Node:
 *
 * ```ts
 * const licence = new LicenseClient({ url: 'https://licences.example', licenseKey, application: 'acme' });
 * licence.on('warning', ({ message }) => log.warn(message));
 * await licence.start();
 * if (licence.entitled('sync:write')) await sync();
 * ```
 *
 * State lies in the home directory, its owner's alone, and may be shared by any number of processes.
 */
export class LicenseClient extends PortableLicenseClient {
  /** Where its state lies. */
  readonly directory: string;

  /** Throws TypeError for an address that is not allowed, or an `application` that can name no directory. */
  constructor(options: NodeLicenseClientOptions) {
    const { application } = options;
    const directory = stateDirectory({ application, directory: options.directory });
    super(options, nodePlatform(options, directory));
    this.directory = directory;
  }
}

function nodePlatform(options: NodeLicenseClientOptions, directory: string): ClientPlatform {
  const { application = 'gatehouse', time = systemTime, closesOnEnd = true } = options;
  const { url, allowHttp, timeoutMs } = options;
  const now = () => time.now();
  const after: ClientTime['after'] = (ms, work) => time.after(ms, work);
  const api = new GatehouseApi({ url, allowHttp, fetch: options.fetch, timeoutMs, after });
  return {
    crypto: nodeCrypto,
    time,
    userAgent: `gatehouse-client (${application})`,
    hardwareId: () => machineHardwareId(application, directory),
    bearer: new SessionTokens({
      ...{ url, timeoutMs, store: authFile(directory), now },
      refresh: (token, limit) => api.refresh(token, limit),
      logout: (token) => api.account.logout(token),
    }),
    open: async (device) => ({
      offline: await offlineFile(directory, device),
      pinned: pinnedFile(directory),
      holders: holdersFile(directory, now),
    }),
    ...(closesOnEnd && { onEnd: onProgramEnd }),
  };
}
