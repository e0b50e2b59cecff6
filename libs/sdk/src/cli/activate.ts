import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { encodeActivationRequest } from '../formats/activation.js';
import { InvalidDocument } from '../formats/invalid-document.js';
import { maskLicenseKey, normalizeLicenseKey, parseLicenseKey } from '../formats/license-key.js';
import { mayUseHttp, serverOfSession } from './activated.js';
import { activationFile, requestFile } from './activation-file.js';
import { EXIT, Refusal } from './exit-codes.js';
import { mustAllow, openLicense, sentenceOf, type Terms } from './license.js';
import { say } from './terminal.js';
import type { Call, Verb } from './verb.js';
import { waitOf } from './wait.js';

/** In bytes; an activation response has at most 18 documents of 16 kB, and what is longer is refused as one. */
const MAX_FILE = 400_000;
const MAX_STDIN = 1_024;

export const activate: Verb = {
  name: 'activate',
  summary: 'put this machine under a licence',
  help: `gatehouse activate [KEY] --url URL [--wait [--timeout SECONDS]]
gatehouse activate KEY --request FILE
gatehouse activate --response FILE --anchor KID:X

  KEY               the licence key; - reads it from stdin; else GATEHOUSE_LICENSE_KEY, else whoever is signed in
  --wait            wait for a seat when all are taken; --timeout SECONDS: not longer than that
  --request FILE    without a network: write what to carry to the issuer
  --response FILE   without a network: read what came back`,
  options: {
    wait: { type: 'boolean' },
    timeout: { type: 'string' },
    request: { type: 'string' },
    response: { type: 'string' },
  },
  maxPositionals: 1,
  run: async (call) => {
    const { request, response } = call.values;
    if (typeof request === 'string') return writeRequest(call, request);
    if (typeof response === 'string') return readResponse(call, response);
    return activateOnline(call);
  },
};

async function activateOnline(call: Call): Promise<number> {
  const { said, directory } = call;
  const known = await activationFile(directory).read();
  const url = said.url ?? known?.url ?? (await serverOfSession(directory));
  if (!url) throw new Refusal(EXIT.usage, 'Say where the server is: --url https://...');
  const licenseKey = await keyOf(call);
  if (licenseKey === null && (await serverOfSession(directory, url)) === null)
    throw new Refusal(
      EXIT.usage,
      'Give a licence key (gatehouse activate KEY --url URL), or sign in: gatehouse login',
    );

  const terms = { ...termsOf(call, url, licenseKey), allowHttp: mayUseHttp(said, known) };
  const client = openLicense(terms, said, directory);
  try {
    const status = await client.start({ wait: waitOf(call) });
    // What is remembered of an earlier licence does not make this key a good one.
    const { trouble } = status;
    if (trouble && trouble.code !== 'SEATS_EXHAUSTED')
      throw trouble.isUnreachable
        ? new Refusal(EXIT.unavailable, trouble.message)
        : new Refusal(EXIT.refused, `${trouble.message} (${trouble.code})`);
    mustAllow(status);
    await activationFile(directory).write({ ...terms, isOffline: false, activatedAt: Date.now() });
    say(licenseKey === null ? 'Activated.' : `Activated ${maskLicenseKey(licenseKey)}.`);
    say(sentenceOf(status));
    return EXIT.ok;
  } finally {
    await client.close();
  }
}

async function writeRequest(call: Call, path: string): Promise<number> {
  const { said, directory } = call;
  const licenseKey = await keyOf(call);
  if (licenseKey === null)
    throw new Refusal(EXIT.usage, 'Give a licence key: gatehouse activate KEY --request FILE');
  const client = openLicense(termsOf(call, null, licenseKey), said, directory);
  const request = await client.requestActivation();
  await requestFile(directory).write(request);
  await onFile(path, () => writeFile(path, encodeActivationRequest(request), { mode: 0o600 }));
  say(`Wrote ${path}. It holds the licence key: carry it to the issuer and nowhere else.`);
  say('What comes back goes into: gatehouse activate --response FILE');
  return EXIT.ok;
}

async function readResponse(call: Call, path: string): Promise<number> {
  const { said, directory } = call;
  const request = await requestFile(directory).read();
  if (!request)
    throw new Refusal(
      EXIT.usage,
      'No request waits for a response here: gatehouse activate KEY --request FILE',
    );
  const response = await onFile(path, () => text(createReadStream(path, { end: MAX_FILE })));
  const terms = termsOf(call, null, request.licenseKey ?? null);
  const client = openLicense(terms, said, directory);
  try {
    const status = await client.acceptActivation(response, request);
    mustAllow(status);
    await activationFile(directory).write({ ...terms, isOffline: true, activatedAt: Date.now() });
    await requestFile(directory).remove();
    say('Activated without a network.');
    say(sentenceOf(status));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof InvalidDocument)) throw error;
    const hint = error.code === 'UNKNOWN_KEY' ? ' Name the issuer’s key: --anchor KID:X' : '';
    throw new Refusal(EXIT.refused, `${path} was not accepted (${error.code}): ${error.message}${hint}`);
  } finally {
    await client.close();
  }
}

const termsOf = ({ said }: Call, url: string | null, licenseKey: string | null): Terms => ({
  url,
  allowHttp: said.allowHttp,
  licenseKey,
  hardwareId: said.hardwareId ?? null,
  anchors: said.anchors,
  issuer: said.issuer ?? null,
});

/** A key as typed, put right; a mistyped one is found without asking anybody. */
async function keyOf({ positionals, said }: Call): Promise<string | null> {
  const [given] = positionals;
  const typed = given === '-' ? await readStdin() : (given ?? said.licenseKey);
  if (typed === undefined) return null;
  const key = normalizeLicenseKey(typed);
  if (!parseLicenseKey(key))
    throw new Refusal(EXIT.usage, 'This is no licence key: at least one character of it is wrong.');
  return key;
}

async function readStdin(): Promise<string> {
  let typed = '';
  for await (const chunk of process.stdin) {
    typed += String(chunk);
    if (typed.length > MAX_STDIN) break;
  }
  return typed.slice(0, MAX_STDIN);
}

async function onFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Refusal(EXIT.file, `${path}: ${why}`);
  }
}
