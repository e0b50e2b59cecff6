import { Injectable } from '@nestjs/common';
import {
  Actor,
  type DeliveredEvent,
  type EventHandler,
  EventMail,
  Handles,
  type RecordedEvent,
} from '#platform';
import { MailTokensConfig } from '../accounts/accounts.config.js';
import { Budgets } from '../accounts/budgets.js';
import { DeviceDiscovered } from '../events/index.js';
import { newDeviceMail } from '../mails/new-device-mail.js';
import { AuthSessions } from '../persistence/auth-sessions.js';
import { Users } from '../persistence/users.js';
import { deviceOf } from '../sessions/device.js';
import { Places } from '../sessions/places.js';

/** So many in an hour tell enough; whoever makes up a device for each session sends no more. Counted by nothing else. */
const MAX_MAILS = 10;
const HOUR = 3_600;

/** Tells a person of a sign-in from a device that they had not used before (S1-20). */
@Injectable()
@Handles('identity.send-new-device-mail', DeviceDiscovered, 'effect')
export class SendNewDeviceMail implements EventHandler<typeof DeviceDiscovered> {
  constructor(
    private readonly users: Users,
    private readonly sessions: AuthSessions,
    private readonly places: Places,
    private readonly budgets: Budgets,
    private readonly eventMail: EventMail,
    private readonly config: MailTokensConfig,
  ) {}

  /** Nothing to say when the person has gone, and when they were told of many others within the hour. */
  async handle(event: DeliveredEvent<typeof DeviceDiscovered>): Promise<RecordedEvent[]> {
    const { userId, sessionId } = event.payload;
    const person = Actor.system(event.tenantId, event.traceId).as({ type: 'user', id: userId });
    const [user, session] = await Promise.all([
      this.users.self(person),
      this.sessions.startOf(person, sessionId),
    ]);
    if (!user || !session) return [];
    if ((await this.budgets.take('device-mail', userId, MAX_MAILS, HOUR)) > 0) return [];
    const { address, userAgent, beganAt: at } = session;
    const place = address ? await this.places.of(address) : null;
    const seen = { ...deviceOf(userAgent), address, place, at, timeZone: user.timeZone, sessionId };
    const mail = { ...newDeviceMail(seen, this.config.baseUrl), to: user.email };
    return this.eventMail.send(event, 'device', mail, { kind: 'new_device', userId });
  }
}
