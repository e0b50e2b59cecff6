import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** The upstream ID token that a request carries as its bearer, null without one: there is another way in. */
export const OptionalUpstreamToken = createParamDecorator(
  (_: unknown, context: ExecutionContext): string | null => {
    const { authorization } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? null;
  },
);
