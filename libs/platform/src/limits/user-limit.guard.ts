import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isGeneral } from './address-limit.guard.js';
import { GeneralLimits } from './general-limits.js';

/** Counts general calls per user or service account. Stands behind authentication; nobody's calls pass. */
@Injectable()
export class UserLimitGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly limits: GeneralLimits,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const id = http.getRequest<FastifyRequest>().actor?.id;
    if (!id || !isGeneral(this.reflector, context)) return true;
    const headers = await this.limits.spendByUser(id);
    const reply = http.getResponse<FastifyReply>();
    // The narrower budget first: it is the one that most clients look at.
    for (const [name, item] of Object.entries(headers)) {
      const byAddress = reply.getHeader(name);
      void reply.header(name, byAddress === undefined ? item : `${item}, ${String(byAddress)}`);
    }
    return true;
  }
}
