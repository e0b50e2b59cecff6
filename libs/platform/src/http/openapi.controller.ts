import { Controller, Get, Res } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Endpoint } from './endpoint.js';
import { describeRoutes } from './openapi.js';
import { controllersIn } from './openapi-guard.js';
import { declaredRoutes } from './openapi-routes.js';

@Controller()
export class OpenapiController {
  private text?: string;

  constructor(private readonly modules: ModulesContainer) {}

  @Get('/api/v1/openapi.json')
  @Endpoint({
    summary: 'This document',
    access: 'public',
    output: z.looseObject({ openapi: z.string() }),
    example: { openapi: '3.0.3', info: { title: 'Gatehouse', version: '0.1.0' }, paths: {} },
  })
  async document(@Res() reply: FastifyReply): Promise<void> {
    // Made at the first request: whoever starts the API does not wait for it.
    this.text ??= JSON.stringify(describeRoutes(declaredRoutes(controllersIn(this.modules))));
    await reply.header('content-type', 'application/json; charset=utf-8').send(this.text);
  }
}
