import { createHash } from 'node:crypto';
import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { type Actor, actorOf, PoolBudget, unauthenticated } from '#platform';
import { ownPlace } from '../use-cases/place.js';
import { CountUse } from './count-use.js';

const METER = 'gatehouse:meter';

/** Counts one use of the caller's licence before the route runs; refuses 429 `QUOTA_EXHAUSTED`. See {@link Meter}. */
@Injectable()
export class MeterGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly countUse: CountUse,
    private readonly budget: PoolBudget,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const meter = this.reflector.get<string>(METER, context.getHandler());
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const actor = actorOf(request);
    if (actor.type === 'anonymous') throw unauthenticated('no bearer');
    const place = ownPlace(actor);
    this.budget.spend(place, 'usage');
    const use = { meter, amount: 1, idempotencyKey: keyOf(actor, request) };
    await this.countUse.execute(actor, place, use, { seatId: null, byKeyAlone: false });
    return true;
  }
}

/**
 * For a route of ours: one call is one use of `meter`, of the licence that the caller's token names, whether or not the
 * route then succeeds. A call that is repeated with its Idempotency-Key is counted once. The route's module imports
 * LicensingModule, and its `@Endpoint` declares `too_many: ['QUOTA_EXHAUSTED']`.
 */
export const Meter = (meter: string): MethodDecorator =>
  applyDecorators(SetMetadata(METER, meter), UseGuards(MeterGuard));

/** In the scope that Idempotency-Key has: principal, method and route. */
function keyOf(actor: Actor, { headers, method, routeOptions }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (typeof key !== 'string') return undefined;
  const scope = JSON.stringify([actor.id, method, routeOptions.url, key]);
  return createHash('sha256').update(scope).digest('hex');
}
