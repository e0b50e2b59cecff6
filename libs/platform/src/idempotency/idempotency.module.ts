import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { IdempotencyKeys } from './idempotency-keys.js';
import { keepAnswers } from './keep-answers.js';

/**
 * What `@Endpoint({ idempotent })` needs. Needs IdempotencyConfig from ConfigModule, RedisModule, CryptoModule and
 * Log. Routes without it pay for one comparison.
 */
@Global()
@Module({ providers: [IdempotencyKeys], exports: [IdempotencyKeys] })
export class IdempotencyModule implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly keys: IdempotencyKeys,
  ) {}

  onModuleInit(): void {
    keepAnswers(this.host.httpAdapter.getInstance<FastifyInstance>(), this.keys);
  }
}
