import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Controller, Get, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { notFound } from '../errors/domain-error.js';
import { Endpoint } from './endpoint.js';
import { wire } from './wire.js';

const ASSETS: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
  'start.js': 'text/javascript; charset=utf-8',
};

/** Everything comes from here; nothing inline, nothing foreign. Swagger UI draws its arrows as data: images. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gatehouse API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="page"></div>
<noscript>This page needs JavaScript. The document itself: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a></noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({
  url: '/api/v1/openapi.json',
  dom_id: '#page',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: -1,
  defaultModelRendering: 'example',
  requestSnippetsEnabled: true,
  validatorUrl: null,
});
`;

/** The readable page of the API, with Swagger UI served from our own origin. */
@Controller('/docs')
export class DocsController {
  private readonly resolve = createRequire(import.meta.url).resolve;

  @Get()
  @Endpoint({
    summary: 'This API as a page to read',
    access: 'public',
    produces: 'text/html',
    output: z.string(),
    example: '<!doctype html>',
  })
  async page(@Res() reply: FastifyReply): Promise<void> {
    await reply
      .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY })
      .send(PAGE);
  }

  @Get(':asset')
  @Endpoint({
    summary: 'A file that the page is made of',
    access: 'public',
    produces: 'text/css',
    output: z.string(),
    example: '.swagger-ui{}',
  })
  async asset(
    @Param('asset', { schema: wire(z.string().max(100).meta({ example: 'swagger-ui.css' })) }) asset: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const type = Object.hasOwn(ASSETS, asset) ? ASSETS[asset] : undefined;
    if (!type) throw notFound('file');
    const bytes = asset === 'start.js' ? START : await readFile(this.resolve(`swagger-ui-dist/${asset}`));
    await reply.headers({ 'content-type': type, 'cache-control': 'public, max-age=86400' }).send(bytes);
  }
}
