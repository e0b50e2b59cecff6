import { Body, Controller, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { UpstreamToken } from '#identity';
import { Register, RegisterInput } from '../use-cases/register.js';
import { REGISTERED_EXAMPLE, RegisteredView, registeredView } from './register.view.js';

@Controller('/api/v1/auth')
export class RegisterController {
  constructor(private readonly register: Register) {}

  @Post('/register')
  @Endpoint({
    summary: 'Sign up with the ID token of a Google, GitHub or Microsoft account, as the bearer',
    access: 'public',
    status: 201,
    output: RegisteredView,
    example: REGISTERED_EXAMPLE,
    answers: {
      200: {
        description: 'The account was there already; signed in, without the key',
        output: RegisteredView,
      },
    },
    refusals: {
      unauthenticated: ['UNAUTHENTICATED'],
      forbidden: ['TENANT_SUSPENDED', 'EMAIL_REQUIRED'],
      unavailable: ['UPSTREAM_UNAVAILABLE'],
    },
  })
  async create(
    @CurrentActor() actor: Actor,
    @UpstreamToken() idToken: string,
    @Body({ schema: wire(RegisterInput) }) input: z.output<typeof RegisterInput>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.input<typeof RegisteredView>> {
    const made = await this.register.execute(actor, idToken, input);
    if (made.licenseKey === null) reply.status(200);
    return registeredView(made);
  }
}
