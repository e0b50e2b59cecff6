import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { SealedBox } from '#platform';

/**
 * What Redis keeps of people who are half signed in, so that who reads or writes there learns nothing and lets nobody in:
 * sealed, and good at its own key only.
 */
@Injectable()
export class SealedRecords {
  constructor(private readonly box: SealedBox) {}

  /** As text, to be kept at `key`. */
  seal(key: string, record: object): string {
    return this.box.seal(Buffer.from(JSON.stringify(record)), contextOf(key)).toString('base64');
  }

  /** What was kept at `key`; null: nothing, or nothing of ours. */
  open<S extends z.ZodType>(key: string, schema: S, sealed: string | null | undefined): z.output<S> | null {
    if (!sealed) return null;
    try {
      return schema.parse(
        JSON.parse(this.box.open(Buffer.from(sealed, 'base64'), contextOf(key)).toString()),
      );
    } catch {
      return null;
    }
  }
}

const contextOf = (key: string) => `nonce-record:${key}`;
