import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, GuessLimit, HttpConfig, notFound } from '#platform';
import { AccountLimits } from '../accounts/accounts.config.js';
import { Budgets, tooMany } from '../accounts/budgets.js';
import { ProgramBudget } from '../oauth/program-budget.js';
import { type Approval, Approvals, type Approver } from '../oauth/approval.js';
import { DescribeProgram, type ProgramRequest } from '../oauth/describe-program.js';
import {
  DEVICE_CODE_SECONDS,
  type DeviceRequest,
  DeviceRequests,
  POLL_SECONDS,
} from '../oauth/device-requests.js';
import { invalidClient, OauthRefusal } from '../oauth/oauth-refusal.js';
import { DeviceName, programOf } from '../oauth/programs.js';
import { vschars } from '../oauth/token-request.js';
import { formatUserCode, parseUserCode } from '../oauth/user-code.js';
import type { DeviceOrigin } from '../sessions/device.js';

/** RFC 8628, 3.1; device_name is ours. What nobody knows is ignored. */
export const DeviceForm = z.looseObject({
  client_id: vschars(200).optional().meta({ example: 'gatehouse-cli' }),
  device_name: DeviceName.optional(),
});

/** RFC 8628, 3.2: the names are the RFC's. */
export interface DeviceAnswer {
  device_code: string;
  user_code: string;
  verification_uri: string;
  verification_uri_complete: string;
  expires_in: number;
  interval: number;
}

/** Codes that a person may look up in ten minutes, for each failed sign-in that the lockout lets pass. */
const LOOKUPS = 4;
const LOOKUP_SECONDS = 600;

/**
 * The device grant as its person meets it: a program shows a code, they type it at `/device` on another machine, and are
 * asked whether that program may act for them.
 */
@Injectable()
export class AuthorizeDevice {
  constructor(
    private readonly requests: DeviceRequests,
    private readonly approvals: Approvals,
    private readonly describeProgram: DescribeProgram,
    private readonly budgets: Budgets,
    private readonly programBudget: ProgramBudget,
    private readonly limits: AccountLimits,
    private readonly guesses: GuessLimit,
    private readonly http: HttpConfig,
    private readonly clock: Clock,
  ) {}

  /** What a program is told that asks. Throws {@link OauthRefusal}, 429 `RATE_LIMITED`, 503 `UNAVAILABLE`. */
  async ask({ origin }: Actor, body: unknown): Promise<DeviceAnswer> {
    const form = DeviceForm.safeParse(body ?? {});
    if (!form.success)
      throw new OauthRefusal('invalid_request', 'client_id or device_name: sent twice, or not of its form.');
    const program = programOf(form.data.client_id);
    if (!program) throw invalidClient('unknown public client');
    await this.programBudget.take(origin.address);
    const { userAgent = null } = origin as Partial<DeviceOrigin>;
    const { deviceCode, userCode } = await this.requests.keep({
      clientId: program.id,
      deviceName: form.data.device_name ?? null,
      address: origin.address,
      userAgent,
      askedAt: this.clock.now().getTime(),
    });
    const page = `${this.http.baseUrl}/device`;
    return {
      device_code: deviceCode,
      user_code: formatUserCode(userCode),
      verification_uri: page,
      verification_uri_complete: `${page}?user_code=${formatUserCode(userCode)}`,
      expires_in: DEVICE_CODE_SECONDS,
      interval: POLL_SECONDS,
    };
  }

  /**
   * What the page says of the program whose code somebody who is signed in has typed, in whatever case, with or without
   * dashes and spaces. Throws 404 for a code that is unknown, has run out or was answered; 429 `RATE_LIMITED` for who
   * guesses.
   */
  async describe(actor: Actor, userCode: string): Promise<ProgramRequest> {
    return this.describeProgram.execute(actor, (await this.find(actor, userCode)).asked);
  }

  /**
   * Lets the program act for somebody, by the session that their browser has. Throws as {@link describe}, also 404 for the
   * second of two answers; the one 401 where the session is over, 403 `TENANT_SUSPENDED`, 403
   * `REAUTHENTICATION_REQUIRED` for an access token alone.
   */
  async approve(by: Approver, userCode: string): Promise<void> {
    const { code, asked } = await this.find(by.actor, userCode);
    const { clientId, deviceName } = asked;
    let held: Approval | null = null;
    const hold = async (approval: Approval) => {
      const isOurs = await this.requests.hold(code, approval);
      if (isOurs) held = approval;
      return isOurs;
    };
    // What is not committed lets nobody in, and can be answered again.
    const approval = await this.approvals
      .give(by, { clientId, deviceName, how: 'device' }, hold)
      .catch(async (error: unknown) => {
        if (held) await this.requests.letGo(code, held);
        throw error;
      });
    await this.requests.confirm(code, approval);
  }

  /** Refuses it, for somebody who is signed in. Throws as {@link describe}. */
  async deny(actor: Actor, userCode: string): Promise<void> {
    const { code } = await this.find(actor, userCode);
    if (!(await this.requests.deny(code))) throw unknownCode();
  }

  /** Counted before it is looked at: a code is short, and what is behind it is somebody else's machine. */
  private async find(
    { id, type, origin }: Actor,
    text: string,
  ): Promise<{ code: string; asked: DeviceRequest }> {
    if (type !== 'user' || !id) throw new Error('A code is typed by somebody who is signed in.');
    const points = this.limits.lockoutThreshold * LOOKUPS;
    const waitMs = await this.budgets.take('user-code', id, points, LOOKUP_SECONDS);
    if (waitMs > 0) throw tooMany(waitMs);
    this.guesses.check(origin.address, 'user_code');
    const code = parseUserCode(text);
    const asked = code === null ? null : await this.requests.byUserCode(code);
    if (code !== null && asked) return { code, asked };
    await this.guesses.miss(origin.address, 'user_code');
    throw unknownCode();
  }
}

const unknownCode = () => notFound('device code');
