import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import {
  Actor,
  DomainError,
  ENDPOINT,
  type EndpointOptions,
  originOf,
  type StepUp,
  TenantClosed,
} from '#platform';
import { SuspendedTenants } from '#tenancy';
import { tenantSuspended } from '../domain/session-policy.js';
import { deviceIdOf, type DeviceOrigin, MAX_USER_AGENT } from '../sessions/device.js';
import { RequireStepUp } from '../use-cases/require-step-up.js';
import { ACCESS_TOKEN } from './access-token.strategy.js';
import { SessionCookies } from './session-cookies.js';

/** Sets who is calling, on every route, as its @Endpoint says. A route without one is closed. */
@Injectable()
export class BearerGuard extends AuthGuard(ACCESS_TOKEN) {
  constructor(
    private readonly reflector: Reflector,
    private readonly requireStepUp: RequireStepUp,
    private readonly suspended: SuspendedTenants,
    private readonly cookies: SessionCookies,
  ) {
    super({ property: 'actor' });
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const endpoint = this.reflector.get<EndpointOptions | undefined>(ENDPOINT, context.getHandler());
    if (!endpoint) throw new DomainError('forbidden', 'FORBIDDEN', 'This is not allowed.');

    request.actor = Actor.anonymous(deviceOriginOf(request));
    const isInCookies = this.cookies.isAsked(request);
    // Also where somebody signs in: no page from elsewhere signs anybody in as somebody else.
    if (isInCookies) this.cookies.mustComeFromOurs(request);
    if (endpoint.access === 'public') return true;
    if (endpoint.access === 'optional_bearer' && !this.showsAnything(request, isInCookies)) return true;

    await super.canActivate(context);
    refuseOtherTenant(request);
    const { actor, mustStillStand } = request;
    this.refuseClosed(actor, endpoint);
    if (mustStillStand) {
      request.mustStillStand = () => {
        mustStillStand();
        this.refuseClosed(actor, endpoint);
      };
    }
    if (request.actor.type === 'service' && !endpoint.services) {
      throw new DomainError(
        'forbidden',
        'PERSON_REQUIRED',
        'This needs a person; a service account cannot do it.',
      );
    }
    // A service account shows itself with every call.
    if (endpoint.stepUp && request.actor.type === 'user')
      await this.mustShowThemselves(request.actor, request, endpoint.stepUp);
    return true;
  }

  /** Whoever it is: a person, a service by its key or by a token. */
  private refuseClosed({ tenantId }: Actor, { judgesSuspension }: EndpointOptions): void {
    if (this.suspended.isOver(tenantId ?? '')) throw new TenantClosed();
    if (!judgesSuspension && this.suspended.has(tenantId ?? '')) throw tenantSuspended();
  }

  private async mustShowThemselves(
    actor: Actor,
    request: FastifyRequest,
    { scope, orBy, maxAgeSeconds }: StepUp,
  ): Promise<void> {
    if (scope) actor.must(scope);
    if (!showsItself(request, orBy)) await this.requireStepUp.execute(actor, maxAgeSeconds);
  }

  private showsAnything(request: FastifyRequest, isInCookies: boolean): boolean {
    if (request.headers.authorization) return true;
    return isInCookies && this.cookies.access(request) !== null;
  }

  override handleRequest<T>(error: Error | null, actor: T): T {
    if (error) throw error;
    return actor;
  }
}

const deviceOriginOf = (request: FastifyRequest): DeviceOrigin => ({
  ...originOf(request),
  // Postgres takes no NUL in a text.
  userAgent: request.headers['user-agent']?.slice(0, MAX_USER_AGENT).replaceAll('\0', '') || null,
  deviceId: deviceIdOf(request.headers['x-device-id']),
});

/** The tenant comes from the token; the header may only repeat it (C9). */
function refuseOtherTenant(request: FastifyRequest): void {
  const named = request.headers['x-tenant-id'];
  if (named === undefined || named === request.actor?.tenantId) return;
  throw new DomainError('forbidden', 'TENANT_MISMATCH', 'X-Tenant-Id names another tenant than the token.');
}

/** Whether the call brings what shows who the caller is. That it is right, the use case finds out. */
function showsItself(request: FastifyRequest, fields: readonly string[]): boolean {
  const { body } = request;
  return typeof body === 'object' && body !== null && fields.some((field) => field in body);
}
