import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ENDPOINT, type EndpointOptions } from '../http/endpoint.js';
import { GeneralLimits } from './general-limits.js';

/** General calls have no budget named; a route that forgot its metadata is one of them. */
export const isGeneral = (reflector: Reflector, context: ExecutionContext): boolean =>
  (reflector.get<EndpointOptions | undefined>(ENDPOINT, context.getHandler())?.budget ?? 'general') ===
  'general';

/** Counts general calls per address and of everybody. Stands before authentication, which costs more. */
@Injectable()
export class AddressLimitGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly limits: GeneralLimits,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (!isGeneral(this.reflector, context)) return true;
    const http = context.switchToHttp();
    const headers = await this.limits.spendByAddress(http.getRequest<FastifyRequest>().ip);
    void http.getResponse<FastifyReply>().headers({ ...headers });
    return true;
  }
}
