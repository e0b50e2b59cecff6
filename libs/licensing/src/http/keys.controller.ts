import { createHash } from 'node:crypto';
import { Controller, Get, Headers, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Endpoint } from '#platform';
import { SigningKeys } from '../leases/signing-keys.js';

const KeysView = z.object({
  issuer: z.string(),
  keys: z.array(
    z.object({
      kid: z.string(),
      x: z.string(),
      status: z.enum(['active', 'next', 'retiring', 'compromised']),
    }),
  ),
  keySets: z.array(z.string()),
});

/** The keys that programs check leases and signed answers with. */
@Controller('/.well-known')
export class KeysController {
  private readonly view: z.input<typeof KeysView>;
  private readonly etag: string;

  constructor(keys: SigningKeys) {
    this.view = { issuer: keys.issuer, keys: keys.published(), keySets: [...keys.keySets()] };
    this.etag = `"${createHash('sha256').update(JSON.stringify(this.view)).digest('base64url')}"`;
  }

  @Get('/gatehouse-keys')
  @Endpoint({
    summary:
      'The public keys of leases and signed answers, and the key sets by which old keys introduce new ones',
    access: 'public',
    budget: 'open',
    output: KeysView,
    example: {
      issuer: 'https://licences.example',
      keys: [{ kid: '5f1c9a02', x: 'JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs', status: 'active' }],
      key_sets: ['eyJhbGciOiJFZERTQSIsInR5cCI6ImxpY2Vuc2Uta2V5cytqd3QifQ.eyJpc3MiOiIifQ.c2ln'],
    },
    answers: { 304: { description: 'The keys are those of If-None-Match.' } },
  })
  read(
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): z.input<typeof KeysView> | undefined {
    void reply.headers({ 'cache-control': 'public, max-age=300', etag: this.etag });
    if (!isNamed(this.etag, known)) return this.view;
    void reply.status(304);
    return undefined;
  }
}

/** RFC 9110, section 13.1.2: compared weakly; a proxy may have made ours weak. */
const isNamed = (etag: string, known = '') =>
  known.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag);
