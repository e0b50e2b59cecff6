import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { unauthenticated } from '#platform';

/** The upstream ID token that a request carries as its bearer. Throws the one 401 without one. */
export const UpstreamToken = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const { authorization } = context.switchToHttp().getRequest<FastifyRequest>().headers;
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (!token) throw unauthenticated('no upstream bearer');
  return token;
});
