import { Module } from '@nestjs/common';
import { DocsController } from './docs.controller.js';
import { OpenapiController } from './openapi.controller.js';

/** /api/v1/openapi.json and the page /docs. */
@Module({ controllers: [OpenapiController, DocsController] })
export class OpenApiModule {}
