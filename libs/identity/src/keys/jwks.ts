import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { jwkOf } from './algorithms.js';
import { KeyScheduleConfig, KeysConfig } from './keys.config.js';
import { Keyring, type KeySet } from './keyring.js';

/** The published keys as bytes, and what caches need to know of them. */
export class JwksDocument {
  readonly body: string;
  /** Strong: the same in every process that knows the same keys. */
  readonly etag: string;
  readonly lastModified: string;

  constructor(
    set: KeySet,
    readonly cacheControl: string,
    salt: string,
  ) {
    const keys = [...set.keys.values()].map(({ kid, algorithm, publicKey }) =>
      jwkOf(kid, algorithm, publicKey),
    );
    this.body = JSON.stringify({ keys });
    this.etag = `"${createHash('sha256').update(salt).update('\0').update(this.body).digest('base64url')}"`;
    this.lastModified = set.changedAt.toUTCString();
  }

  /** RFC 9110, 13.1: an If-None-Match that is there decides alone, and compares weakly. */
  isHad(ifNoneMatch: string | undefined, ifModifiedSince: string | undefined): boolean {
    if (ifNoneMatch !== undefined) {
      const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
      return tags.includes('*') || tags.includes(this.etag);
    }
    return ifModifiedSince !== undefined && Date.parse(ifModifiedSince) >= Date.parse(this.lastModified);
  }
}

/** The JWKS (S2-21), made anew when the keys change. */
@Injectable()
export class Jwks {
  private made?: { set: KeySet; document: JwksDocument };

  constructor(
    private readonly ring: Keyring,
    private readonly keys: KeysConfig,
    private readonly schedule: KeyScheduleConfig,
  ) {}

  get current(): JwksDocument {
    const set = this.ring.published;
    if (this.made?.set !== set) {
      const cacheControl = `public, max-age=${this.schedule.jwksMaxAge}`;
      this.made = { set, document: new JwksDocument(set, cacheControl, this.keys.etagSalt) };
    }
    return this.made.document;
  }
}
