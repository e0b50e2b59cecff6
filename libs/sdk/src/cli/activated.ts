import { isOfServer } from '../auth/stored-auth.js';
import { authFile } from '../state/auth-file.js';
import { type Activation, activationFile } from './activation-file.js';
import { EXIT, Refusal } from './exit-codes.js';
import type { Terms } from './license.js';
import type { Said } from './settings.js';
import type { Call } from './verb.js';

/** Under what this call runs: what it says itself, as in a container, else what was activated. Throws Refusal. */
export async function activated({ said, directory }: Call): Promise<Terms & { isOffline: boolean }> {
  const known = await activationFile(directory).read();
  const signedInAt = known ? null : await serverOfSession(directory, said.url);
  const { url = known?.url ?? signedInAt, licenseKey = known?.licenseKey } = said;
  if (!known && (url == null || (licenseKey == null && signedInAt === null)))
    throw new Refusal(
      EXIT.refused,
      'This machine has no licence. Sign in (gatehouse login), or put it under one: gatehouse activate KEY --url URL',
    );
  return {
    url: url ?? null,
    allowHttp: mayUseHttp(said, known),
    licenseKey: licenseKey ?? null,
    hardwareId: said.hardwareId ?? known?.hardwareId ?? null,
    anchors: said.anchors.length > 0 ? said.anchors : (known?.anchors ?? []),
    issuer: said.issuer ?? known?.issuer ?? null,
    isOffline: known?.isOffline === true && said.url === undefined,
  };
}

/** Where somebody is signed in, whose licence counts where none was activated; null: nowhere, or not at `url`. */
export async function serverOfSession(directory: string, url?: string): Promise<string | null> {
  const kept = await authFile(directory).read();
  const at = url ?? kept?.url;
  return kept && at !== undefined && isOfServer(kept, at) ? at : null;
}

/** What was allowed of the server that was activated with counts for no other. */
export const mayUseHttp = (said: Said, known: Activation | null): boolean =>
  said.allowHttp || (said.url === undefined && known?.allowHttp === true);
