import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { Clock } from '../clock/clock.js';
import { Endpoint } from '../http/endpoint.js';
import { type Findings, HealthChecks } from './health-checks.js';
import { HealthReadyView, HealthView, LiveView, ReadyView, StatusView } from './health.views.js';
import type { Finding } from './probe.js';
import { UpstreamConfig } from './upstream.config.js';
import { VERSION } from '../telemetry/version.js';

const UP = { status: 'up', ms: 1.2 };
const DOWN = { status: 'down', ms: 900 };
const NONE = { status: 'unconfigured', ms: null };
const REDIS = { seats: UP, queues: UP, limits: UP, nonces: UP };
const AT = '2026-11-22T10:15:30.000Z';

/** The probes (S2-12, S3-36, S4-28, S4-29). Their bodies are the same when they fail, with 503. */
@Controller()
export class HealthController {
  constructor(
    private readonly checks: HealthChecks,
    private readonly upstream: UpstreamConfig,
    private readonly clock: Clock,
  ) {}

  @Get('/health/live')
  @Endpoint({ summary: 'The process runs', access: 'public', budget: 'open', output: LiveView })
  live(): z.input<typeof LiveView> {
    return { status: 'ok' };
  }

  @Get('/health/ready')
  @Endpoint({
    summary: 'The process can serve: Postgres decides, the rest is shown',
    access: 'public',
    budget: 'open',
    output: HealthReadyView,
    example: { status: 'ready', timestamp: AT, checks: { database: UP, redis: REDIS } },
    answers: {
      503: {
        description: 'Postgres does not answer.',
        output: HealthReadyView,
        example: { status: 'unready', timestamp: AT, checks: { database: DOWN, redis: REDIS } },
      },
    },
  })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<z.input<typeof HealthReadyView>> {
    const findings = await this.checks.findings();
    const status = standing([findings.database], findings);
    if (status === 'unready') void reply.status(503);
    return { status, timestamp: this.clock.now(), checks: findings };
  }

  @Get('/health')
  @Endpoint({
    summary: 'Which version runs, and what is configured',
    access: 'public',
    budget: 'open',
    output: HealthView,
  })
  summary(): z.input<typeof HealthView> {
    const { auth0Domain, commitKey, auditKey, signingKey, verifyKey } = this.upstream;
    return {
      status: 'ok',
      timestamp: this.clock.now(),
      version: VERSION,
      auth0Configured: auth0Domain !== undefined,
      keysConfigured: [commitKey, auditKey, signingKey, verifyKey].every((key) => key !== undefined),
    };
  }

  @Get('/ready')
  @Endpoint({
    summary: 'Like /health/ready, and the upstream issuers must answer where they are configured',
    access: 'public',
    budget: 'open',
    output: ReadyView,
    example: {
      status: 'ready',
      timestamp: AT,
      checks: { database: UP, auth0: UP, firebase: UP, redis: REDIS },
    },
    answers: {
      503: {
        description: 'Postgres or a configured issuer does not answer.',
        output: ReadyView,
        example: {
          status: 'unready',
          timestamp: AT,
          checks: { database: UP, auth0: NONE, firebase: DOWN, redis: REDIS },
        },
      },
    },
  })
  async readyWithIssuer(@Res({ passthrough: true }) reply: FastifyReply): Promise<z.input<typeof ReadyView>> {
    const view = await this.readiness();
    if (view.status === 'unready') void reply.status(503);
    return view;
  }

  @Get('/api/v1/status')
  @Endpoint({
    summary: 'What a signed-in person may see of the state of the service',
    access: 'bearer',
    services: true,
    output: StatusView,
    example: {
      status: 'ready',
      timestamp: AT,
      version: '0.1.0',
      checks: { database: UP, auth0: NONE, firebase: UP, redis: REDIS },
    },
  })
  async status(): Promise<z.input<typeof StatusView>> {
    return { ...(await this.readiness()), version: VERSION };
  }

  private async readiness(): Promise<z.input<typeof ReadyView>> {
    const [findings, auth0, firebase] = await Promise.all([
      this.checks.findings(),
      this.checks.upstreamIssuer(),
      this.checks.firebaseAuth(),
    ]);
    return {
      status: standing([findings.database, auth0, firebase], findings),
      timestamp: this.clock.now(),
      checks: { ...findings, auth0, firebase },
    };
  }
}

/** What must answer decides between ready and not; what else is missing makes it degraded. */
function standing(needed: readonly Finding[], findings: Findings): 'ready' | 'degraded' | 'unready' {
  const isDown = (finding: Finding) => finding.status === 'down';
  if (needed.some(isDown)) return 'unready';
  return Object.values(findings.redis).some(isDown) ? 'degraded' : 'ready';
}
