import { Controller, Get, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Endpoint, notFound, wire } from '#platform';
import { assetOf } from './look/look.js';

/** A name changes with what is in its file. */
const FOREVER = 'public, max-age=31536000, immutable';

/** What pages are made of. */
@Controller('/pages')
export class AssetsController {
  @Get(':file')
  @Endpoint({ summary: 'A file that pages are made of', access: 'public', page: true })
  async file(
    @Param('file', { schema: wire(z.string().max(100)) }) file: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const asset = assetOf(file);
    if (!asset) throw notFound('file');
    await reply
      .headers({
        'content-type': asset.type,
        'cache-control': FOREVER,
        'cross-origin-resource-policy': 'same-origin',
      })
      .send(asset.bytes);
  }
}
