import { createHash, timingSafeEqual } from 'node:crypto';
import { Controller, Get, Headers, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { RuntimeConfig } from '../config/runtime.config.js';
import { unauthenticated } from '../errors/domain-error.js';
import { Endpoint } from '../http/endpoint.js';
import { MetricsConfig } from './metrics.config.js';
import { METRICS_CONTENT_TYPE, metricsText } from './metrics.js';

@Controller()
export class MetricsController {
  constructor(
    private readonly config: MetricsConfig,
    private readonly runtime: RuntimeConfig,
  ) {}

  @Get('/metrics')
  @Endpoint({
    summary: 'What this process counts, in the text form of Prometheus',
    access: 'public',
    budget: 'open',
    produces: 'text/plain',
    output: z.string(),
    example:
      '# TYPE http_requests_total counter\nhttp_requests_total{method="GET",route="/health",status="2xx"} 3\n',
    refusals: { unauthenticated: ['UNAUTHENTICATED'] },
  })
  async read(
    @Headers('authorization') authorization: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (!this.mayRead(authorization)) throw unauthenticated('metrics_token');
    await reply.header('content-type', METRICS_CONTENT_TYPE).send(await metricsText());
  }

  private mayRead(authorization: string | undefined): boolean {
    const { token, isPublic } = this.config;
    if (isPublic || this.runtime.env === 'local' || this.runtime.env === 'test') return true;
    return token !== undefined && isSame(authorization ?? '', `Bearer ${token}`);
  }
}

/** Hashed first, so that not even the length of the right one can be timed. */
function isSame(given: string, right: string): boolean {
  const digest = (value: string) => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(given), digest(right));
}
