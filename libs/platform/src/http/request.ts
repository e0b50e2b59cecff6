import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Actor, type Origin } from '../actor/actor.js';
import type { EndpointOptions } from './endpoint.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard of the identity context; anonymous before. */
    actor?: Actor;
    /** The exact bytes of the body, where the route asked for them. */
    rawBody?: Buffer;
    /**
     * For an answer that goes on for long: throws what the caller would be refused with if they came now. Asks nobody.
     * Unset for who shows nothing, and for API keys.
     */
    mustStillStand?: () => void;
  }
  interface FastifyContextConfig {
    endpoint?: EndpointOptions;
  }
}

export const originOf = (request: FastifyRequest): Origin => ({ traceId: request.id, address: request.ip });

export const actorOf = (request: FastifyRequest): Actor =>
  request.actor ?? Actor.anonymous(originOf(request));

/** The caller, as a parameter of a route. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext) =>
  actorOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
