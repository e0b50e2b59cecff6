import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { serializeByteSequence, serializeDictionary, serializeString } from 'structured-headers';
import type { Clock } from '../clock/clock.js';
import { DomainError } from '../errors/domain-error.js';
import {
  type Component,
  readSignatureRequests,
  type SignatureRequest,
  Unsignable,
} from './response-signature-request.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The signatures that Accept-Signature asks for; unset until it has been read, and on routes that sign nothing. */
    signatures?: readonly SignatureRequest[];
  }
}

/** A key that answers are signed with. */
export interface ResponseKey {
  kid: string;
  /** Ed25519, synchronous. */
  sign(message: Uint8Array): Uint8Array;
}

/** Who has the keys. A context provides it under this class. */
export abstract class ResponseSigner {
  /** The key that signs at present; null when none may be used. */
  abstract current(): ResponseKey | null;
}

/** What is signed: programs rely on these answers. */
const SIGNED_ROUTES = '/api/v1/licenses';
/** A key may be put in, a header corrected; neither happens by itself at once. */
const RETRY_AFTER_SECONDS = 30;

/** The answers of {@link SIGNED_ROUTES} under HTTP message signatures (RFC 9421), for who asks with Accept-Signature. */
export class ResponseSignatures {
  private readonly base: URL;

  constructor(
    private readonly signer: ResponseSigner | null,
    baseUrl: string,
    private readonly clock: Clock,
  ) {
    this.base = new URL(baseUrl);
  }

  /** What the request wants signed. Throws 503 `SIGNATURE_UNAVAILABLE`: before anything is done, if asked then. */
  wanted(request: FastifyRequest): readonly SignatureRequest[] {
    if (request.signatures) return request.signatures;
    const header = request.headers['accept-signature'];
    if (header === undefined || !isSignedPath(request.routeOptions.url ?? pathOf(request.raw.url ?? '')))
      return [];
    // The refusal itself cannot be signed either.
    request.signatures = [];
    return (request.signatures = this.refusing(() => {
      const requests = readSignatureRequests(String(header));
      this.keyFor(requests);
      return requests;
    }));
  }

  /** Signs an answer whose status and body are final. Throws 503 `SIGNATURE_UNAVAILABLE`. */
  sign(request: FastifyRequest, reply: FastifyReply, payload: unknown): void {
    const wanted = this.wanted(request);
    if (wanted.length === 0) return;
    const body = this.refusing(() => bytesOf(payload));
    const digest = serializeDictionary({
      'sha-256': [createHash('sha256').update(body).digest(), new Map()],
    });
    const key = this.refusing(() => this.keyFor(wanted));
    const created = Math.floor(this.clock.now().getTime() / 1000);

    const signed = wanted.map((one) => {
      const parameters = parametersOf(one, key.kid, created);
      const lines = one.components.map(
        (component) => `${component}: ${this.valueOf(component, request, reply, digest)}`,
      );
      const base = [...lines, `"@signature-params": ${parameters}`].join('\n');
      return { label: one.label, parameters, signature: serializeByteSequence(key.sign(Buffer.from(base))) };
    });
    void reply.headers({
      'content-digest': digest,
      'signature-input': signed.map(({ label, parameters }) => `${label}=${parameters}`).join(', '),
      signature: signed.map(({ label, signature }) => `${label}=${signature}`).join(', '),
    });
  }

  private keyFor(requests: readonly SignatureRequest[]): ResponseKey {
    const key = this.signer?.current();
    if (!key) throw new Unsignable('There is no key that answers may be signed with.');
    if (requests.some((one) => one.keyid !== undefined && one.keyid !== key.kid))
      throw new Unsignable('Answers are signed with another key at present than Accept-Signature asks for.');
    return key;
  }

  /**
   * The target is what the caller sees, so it is made of BASE_URL: a proxy in front ends TLS, has another host behind
   * it, and may take a prefix off the path.
   */
  private valueOf(
    component: Component,
    request: FastifyRequest,
    reply: FastifyReply,
    digest: string,
  ): string {
    const target = targetOf(this.base, request.raw.url ?? '/');
    const mark = target.indexOf('?');
    switch (component) {
      case '"@status"':
        return String(reply.statusCode);
      case '"content-digest"':
        return digest;
      case '"@method";req':
        return request.method;
      case '"@target-uri";req':
        return this.base.origin + target;
      case '"@request-target";req':
        return target;
      case '"@scheme";req':
        return this.base.protocol.slice(0, -1);
      case '"@authority";req':
        return this.base.host;
      case '"@path";req':
        return mark < 0 ? target : target.slice(0, mark);
      case '"@query";req':
        return mark < 0 ? '?' : target.slice(mark);
    }
  }

  private refusing<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Unsignable)) throw error;
      throw new DomainError(
        'unavailable',
        'SIGNATURE_UNAVAILABLE',
        `The answer cannot be signed. ${error.message}`,
        {
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        },
      );
    }
  }
}

/** What an answer's body is to be; signs it on the way. */
export type Finish = (request: FastifyRequest, reply: FastifyReply, payload: unknown) => unknown;

/**
 * Signs on `server`. What cannot be signed is refused before the call does anything, wherever that can be known by
 * then; `refuse` makes an error of the rest. Gives what signs an answer that passes no hooks.
 */
export function signAnswers(
  server: FastifyInstance,
  signatures: ResponseSignatures,
  refuse: (error: unknown, request: FastifyRequest, reply: FastifyReply) => string,
): Finish {
  const finish: Finish = (request, reply, payload) => {
    try {
      signatures.sign(request, reply, payload);
      return payload;
    } catch (error) {
      return refuse(error, request, reply);
    }
  };
  server.addHook('onRequest', (request, _reply, done) => {
    try {
      signatures.wanted(request);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
  server.addHook('onSend', (request, reply, payload, done) => done(null, finish(request, reply, payload)));
  return finish;
}

/** Whether answers under `path` are signed for those who ask. */
export const isSignedPath = (path: string): boolean =>
  path === SIGNED_ROUTES || path.startsWith(`${SIGNED_ROUTES}/`);

const pathOf = (url: string) => originForm(url).split('?', 1)[0] ?? '';

/** A request may name scheme and host in its first line (RFC 9112, section 3.2.2). */
const originForm = (url: string) => url.replace(/^[a-z]+:\/\/[^/?]*/i, '') || '/';

const targetOf = (base: URL, url: string) => base.pathname.replace(/\/$/, '') + originForm(url);

function parametersOf({ components, nonce, tag }: SignatureRequest, kid: string, created: number): string {
  const text = (name: string, value: string | undefined) =>
    value === undefined ? '' : `;${name}=${serializeString(value)}`;
  return `(${components.join(' ')});created=${created}${text('keyid', kid)};alg="ed25519"${text('nonce', nonce)}${text('tag', tag)}`;
}

function bytesOf(payload: unknown): Uint8Array {
  if (payload === undefined || payload === null) return new Uint8Array();
  if (typeof payload === 'string') return Buffer.from(payload);
  if (payload instanceof Uint8Array) return payload;
  throw new Unsignable('It is a stream.');
}
