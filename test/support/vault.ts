import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What of Vault's Transit API stands in for Vault, and levers to make it fail. */
export interface VaultServer {
  url: URL;
  token: string;
  /** `METHOD path` of each request, in order. */
  requests: string[];
  /** Names of the keys that it has. */
  keys(): string[];
  /** Answers everything with this status from now on; null: as it should. */
  failWith(status: number | null): void;
  stop(): Promise<void>;
}

interface TransitKey {
  type: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
  deletionAllowed: boolean;
}

type Answer = [status: number, body?: object];

const PAIRS: Readonly<Record<string, () => { privateKey: KeyObject; publicKey: KeyObject }>> = {
  'rsa-2048': () => generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  'ecdsa-p256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ed25519: () => generateKeyPairSync('ed25519'),
};

/**
 * Vault's HTTP API as documented at developer.hashicorp.com/vault/api-docs/secret/transit, as far as signing keys
 * go: create, read, sign, verify, configure, delete; defaults, encodings and refusals as there.
 */
export async function startVault({ mount = 'transit', namespace = '' } = {}): Promise<VaultServer> {
  const token = 'hvs.test-token';
  const keys = new Map<string, TransitKey>();
  const requests: string[] = [];
  let failure: number | null = null;

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const path = (request.url ?? '').replace(`/v1/${mount}/`, '');
    requests.push(`${request.method} ${request.url}`);
    if (failure) return [failure, { errors: ['it was told to fail'] }];
    const allowed = request.headers['x-vault-token'] === token;
    if (!allowed) return [403, { errors: ['permission denied'] }];
    if ((request.headers['x-vault-namespace'] ?? '') !== namespace) return [404, { errors: [] }];
    if (request.headers['x-vault-request'] !== 'true')
      return [412, { errors: ["missing 'X-Vault-Request' header"] }];
    const body = await text(request);
    return transit(keys, request.method ?? '', path, body ? (JSON.parse(body) as Fields) : {});
  };
  const server = createServer((request, response) => {
    void answer(request).then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body ? JSON.stringify(body) : undefined);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    token,
    requests,
    keys: () => [...keys.keys()],
    failWith: (status) => (failure = status),
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

type Fields = Record<string, unknown>;

function transit(keys: Map<string, TransitKey>, method: string, path: string, body: Fields): Answer {
  const [engine, name = '', more] = path.split('/');
  const key = keys.get(name);
  const missing: Answer = [400, { errors: [`no existing key named ${name} could be found`] }];

  if (engine === 'sign' && method === 'POST') {
    return key ? signed(key, more, body) : [400, { errors: ['signing key not found'] }];
  }
  if (engine === 'verify' && method === 'POST') {
    return key ? verified(key, body) : [400, { errors: ['signature verification key not found'] }];
  }
  if (engine !== 'keys') return [404, { errors: [] }];
  if (more === 'config' && method === 'POST') {
    if (!key) return missing;
    key.deletionAllowed = body.deletion_allowed === true;
    return [200, { data: {} }];
  }
  if (more !== undefined) return [404, { errors: [] }];
  if (method === 'POST') {
    const pair = PAIRS[String(body.type)];
    if (!pair) return [400, { errors: [`unknown key type ${String(body.type)}`] }];
    if (!key) keys.set(name, { type: String(body.type), ...pair(), deletionAllowed: false });
    return [204];
  }
  if (method === 'GET') return key ? [200, { data: described(name, key) }] : [404, { errors: [] }];
  if (method === 'DELETE') {
    if (!key) return missing;
    if (!key.deletionAllowed) return [400, { errors: ['deletion is not allowed for this key'] }];
    keys.delete(name);
    return [204];
  }
  return [405, { errors: ['unsupported operation'] }];
}

const described = (name: string, { type, publicKey, deletionAllowed }: TransitKey) => ({
  name,
  type,
  deletion_allowed: deletionAllowed,
  exportable: false,
  latest_version: 1,
  keys: {
    1: {
      name: type,
      creation_time: '2026-05-01T00:00:00Z',
      // Vault gives Ed25519 keys as their 32 bytes, the others as PEM.
      public_key:
        type === 'ed25519'
          ? publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')
          : publicKey.export({ format: 'pem', type: 'spki' }),
    },
  },
});

/** With the defaults that signing has, as whoever signs without naming any gets them. */
function verified({ type, publicKey }: TransitKey, body: Fields): Answer {
  if (typeof body.input !== 'string') return [400, { errors: ['missing input'] }];
  const [vault, version, encoded] = String(body.signature).split(':');
  if (vault !== 'vault' || !encoded) return [400, { errors: ['invalid signature: no prefix'] }];
  if (version !== 'v1') return [400, { errors: ['invalid signature: version is too new'] }];
  const [input, signature] = [Buffer.from(body.input, 'base64'), Buffer.from(encoded, 'base64')];
  const key = type === 'rsa-2048' ? { key: publicKey, padding: 6 } : publicKey;
  return [200, { data: { valid: verify(type === 'ed25519' ? null : 'sha256', input, key, signature) } }];
}

function signed({ type, privateKey }: TransitKey, hash: string | undefined, body: Fields): Answer {
  if (typeof body.input !== 'string') return [400, { errors: ['missing input'] }];
  if (hash !== undefined && hash !== 'sha2-256')
    return [400, { errors: [`unsupported hash algorithm ${hash}`] }];
  const input = Buffer.from(body.input, 'base64');
  const jws = body.marshaling_algorithm === 'jws';
  const signature = {
    'rsa-2048': () =>
      sign('sha256', input, { key: privateKey, padding: body.signature_algorithm === 'pkcs1v15' ? 1 : 6 }),
    'ecdsa-p256': () => sign('sha256', input, { key: privateKey, dsaEncoding: jws ? 'ieee-p1363' : 'der' }),
    ed25519: () => sign(null, input, privateKey),
  }[type]!();
  const encoded = signature.toString(jws && type === 'ecdsa-p256' ? 'base64url' : 'base64');
  return [200, { data: { signature: `vault:v1:${encoded}` } }];
}
