import type { ShownCode } from '../auth/device-grant.js';
import { qrCode } from './qr-code.js';
import { span } from './terminal.js';

/** Of a terminal that does not say. */
const USUAL_COLUMNS = 80;

/** What is written to; no terminal: no pictures. */
interface Screen {
  isTTY?: boolean;
  columns?: number;
}

/**
 * What a person does with a code of RFC 8628: the page and the code to type there, or a picture of both for the camera of
 * a telephone (3.3.1) where the screen has room for it.
 */
export async function codeText(shown: ShownCode, { isTTY, columns }: Screen): Promise<string> {
  const { userCode, verificationUri, verificationUriComplete, expiresInSeconds } = shown;
  const picture = isTTY ? await qrCode(verificationUriComplete, columns || USUAL_COLUMNS) : null;
  return [
    `To sign in, open this address on any device and enter the code ${userCode}:\n\n  ${verificationUri}\n`,
    ...(picture ? [`${picture}\n`] : []),
    `The code is good for ${span(expiresInSeconds * 1000)}. Waiting; Ctrl-C stops.`,
  ].join('\n');
}
