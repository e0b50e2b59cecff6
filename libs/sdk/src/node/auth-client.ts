import { hostname } from 'node:os';
import { type AuthClientOptions, PortableAuthClient } from '../auth/portable-auth-client.js';
import { memoryStore } from '../client/memory-stores.js';
import { type ClientTime, systemTime } from '../client/platform.js';
import type { SignedIn } from '../api/answers.js';
import type { DeviceSignIn } from '../auth/device-grant.js';
import { authFile } from '../state/auth-file.js';
import { stateDirectory } from '../state/directory.js';
import { browserGrant, type BrowserSignIn } from './browser-sign-in.js';
import { machineHardwareId } from './hardware-id.js';

/** In Node, beside what every platform takes. */
export interface NodeAuthClientOptions extends AuthClientOptions {
  /** Names the state directory. A LicenseClient with the same name finds who is signed in. */
  application?: string;
  /** The state directory itself; null: tokens are in memory alone, for a server that signs in as others. */
  directory?: string | null;
}

/**
 * Sign-in for programs in Node:
 *
 * ```ts
 * const auth = new AuthClient({ url: 'https://licences.example', application: 'acme' });
 * auth.on('signed-out', ({ reason }) => askToSignIn(reason));
 * await auth.signIn({ email, password });
 * const licence = new LicenseClient({ url, application: 'acme', bearer: auth });
 * ```
 *
 * Tokens lie in `auth.json` of the state directory, their owner's alone (0600), and are shared by any number of processes.
 */
export class AuthClient extends PortableAuthClient {
  /** Where its state lies; null: in memory. */
  readonly directory: string | null;
  private readonly place: { time: ClientTime; allowHttp?: boolean };

  /** Throws TypeError for an address that is not allowed, or an `application` that can name no directory. */
  constructor(options: NodeAuthClientOptions) {
    const { application = 'gatehouse', time = systemTime } = options;
    const directory =
      options.directory === null ? null : stateDirectory({ application, directory: options.directory });
    super(options, {
      time,
      userAgent: `gatehouse-client (${application})`,
      // A server that signs in as others is no device of theirs.
      ...(directory !== null && { deviceId: deviceIdOf(application, directory) }),
      store: directory === null ? memoryStore() : authFile(directory),
    });
    this.directory = directory;
    this.place = { time, allowHttp: options.allowHttp };
  }

  /**
   * In a browser of this machine, by whatever way the server offers (RFC 8252): opens it, or gives the address to `open`,
   * and waits for it to come back. Ends what was signed in here before. Throws ApiError: `access_denied`, `NO_BROWSER`,
   * `TIMED_OUT` after 10 minutes (`timeoutMs`), `ABORTED` by `signal`.
   */
  async signInWithBrowser(input: BrowserSignIn = {}): Promise<SignedIn> {
    const named = { deviceName: machineName(), ...input };
    return this.enter(await browserGrant(this.api.oauth, this.place, named), input.signal);
  }

  override signInWithDevice(input: DeviceSignIn): Promise<SignedIn> {
    return super.signInWithDevice({ deviceName: machineName(), ...input });
  }
}

/** As its people know it; the server takes 64 characters. */
const machineName = () =>
  hostname()
    .replaceAll(/[^\x20-\x7e]/g, '')
    .slice(0, 64)
    .trim() || undefined;

/** Asked for once; what has no name is told by its User-Agent and network. */
function deviceIdOf(application: string, directory: string): () => Promise<string | null> {
  let asked: Promise<string | null> | undefined;
  return () => (asked ??= machineHardwareId(application, directory).catch(() => null));
}
