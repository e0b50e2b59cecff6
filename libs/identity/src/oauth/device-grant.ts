import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Actor } from '#platform';
import { DeviceRequests, type Polled } from './device-requests.js';
import { invalidGrant, OauthRefusal, refusedAs, saysNothingOfTheRequest } from './oauth-refusal.js';
import { needed, type ProgramGrant, type TokenAnswer, tokenAnswer } from './program-grants.js';
import { ProgramSessions } from './program-sessions.js';
import type { Program } from './programs.js';
import type { TokenForm } from './token-request.js';

/** RFC 8628, 3.5. */
const REFUSALS: Record<Exclude<Polled['outcome'], 'approved'>, () => OauthRefusal> = {
  unknown: () => invalidGrant('unknown device code'),
  taken: () => invalidGrant('device code used before'),
  expired: () => new OauthRefusal('expired_token', 'Nobody answered in time: begin anew.'),
  slow_down: () => new OauthRefusal('slow_down', 'Wait five seconds more between two questions.'),
  pending: () => new OauthRefusal('authorization_pending', 'Nobody has answered yet.'),
  denied: () => new OauthRefusal('access_denied', 'It was refused.'),
};

/** RFC 8628, 3.4: a program without a browser, whose user answers on another machine. */
@Injectable()
export class DeviceGrant implements ProgramGrant {
  readonly type = 'urn:ietf:params:oauth:grant-type:device_code';
  readonly isPublic = true;

  constructor(
    private readonly requests: DeviceRequests,
    private readonly programs: ProgramSessions,
  ) {}

  /** The tokens are given once; of many who ask at once one gets them. Whoever gets none for a fault of ours asks again. */
  async execute(actor: Actor, program: Program, form: z.output<typeof TokenForm>): Promise<TokenAnswer> {
    const deviceCode = needed(form, 'device_code');
    const polled = await this.requests.poll(deviceCode, program.id);
    if (polled.outcome !== 'approved') throw REFUSALS[polled.outcome]();
    const { tokens } = await this.programs
      .start(actor, polled.approval, polled.request.deviceName)
      .catch(async (error: unknown) => {
        if (saysNothingOfTheRequest(error)) await this.requests.giveBack(deviceCode, polled.approval);
        throw refusedAs(error, 'access_denied');
      });
    return tokenAnswer(tokens);
  }
}
