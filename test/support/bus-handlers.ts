import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import {
  Actor,
  Clock,
  Db,
  defineEvent,
  type DeliveredEvent,
  type EventHandler,
  Handles,
  occurred,
  PermanentFailure,
} from '#platform';

export const ThingMade = defineEvent(
  'probe.thing.made',
  1,
  z.object({
    number: z.number().int(),
    /** What the handler shall do beside writing down that it ran. */
    then: z.enum(['nothing', 'fail', 'fail_for_good', 'crash']).default('nothing'),
    takesMs: z.number().int().default(0),
  }),
);
export const ThingSeen = defineEvent('probe.thing.seen', 1, z.object({ number: z.number().int() }));
/** Nobody wants it. */
export const ThingIgnored = defineEvent('probe.thing.ignored', 1, z.object({}));
/** Recorded by a publisher that is newer than every handler. */
export const ThingMadeNewer = defineEvent('probe.thing.made', 2, z.object({ shape: z.string() }));

/** Where the handlers write. It has no key: what runs twice shows as two rows. */
export const RUNS_TABLE = `
  create schema probe;
  grant usage on schema probe to gatehouse_app, gatehouse_system;
  create table probe.runs (tenant_id text not null, subscription text not null, event_id text not null, number int not null);
  create table probe.healed (number int not null);
  grant select, insert on probe.runs, probe.healed to gatehouse_app, gatehouse_system;`;

const write = (db: Db, subscription: string, event: DeliveredEvent<typeof ThingMade | typeof ThingSeen>) =>
  db.query('insert into probe.runs values ($1, $2, $3, $4)', [
    event.tenantId,
    subscription,
    event.id,
    event.payload.number,
  ]);

/** Its effects are rows, and one more event. */
@Injectable()
@Handles('probe.count-things', ThingMade)
export class CountThings implements EventHandler<typeof ThingMade> {
  constructor(
    private readonly db: Db,
    private readonly clock: Clock,
  ) {}

  async handle(event: DeliveredEvent<typeof ThingMade>): Promise<void> {
    const { number, then, takesMs } = event.payload;
    await write(this.db, 'probe.count-things', event);
    if (takesMs > 0) await this.db.query('select pg_sleep($1)', [takesMs / 1_000]);
    const healed = await this.db.query('select from probe.healed where number = $1', [number]);
    if (healed.length === 0) {
      if (then === 'fail') throw new Error('The thing will not be counted.');
      if (then === 'fail_for_good') throw new PermanentFailure('The thing cannot be counted.');
      if (then === 'crash') await this.crash();
    }
    this.db.record([occurred(ThingSeen, { number }, this.clock.now())]);
  }

  /** Late enough for the other subscription to the same event, which is not meant. */
  private async crash(): Promise<void> {
    await this.db.query('select pg_sleep(0.3)');
    process.kill(process.pid, 'SIGKILL');
  }
}

/** Hears what the other handler announces. */
@Injectable()
@Handles('probe.hear-of-things', ThingSeen)
export class HearOfThings implements EventHandler<typeof ThingSeen> {
  constructor(private readonly db: Db) {}

  async handle(event: DeliveredEvent<typeof ThingSeen>): Promise<void> {
    await write(this.db, 'probe.hear-of-things', event);
  }
}

/** Stands for a mail: what it does leaves at once and cannot be taken back. */
@Injectable()
@Handles('probe.announce-things', ThingMade, 'effect')
export class AnnounceThings implements EventHandler<typeof ThingMade> {
  constructor(private readonly db: Db) {}

  async handle(event: DeliveredEvent<typeof ThingMade>): Promise<void> {
    const { takesMs } = event.payload;
    await this.db.transaction(Actor.system(event.tenantId, event.traceId), async () => {
      await write(this.db, 'probe.announce-things', event);
    });
    // Between the effect and the mark that it happened.
    if (takesMs > 0)
      await this.db.read(Actor.system(event.tenantId, event.traceId), 'select pg_sleep($1)', [
        takesMs / 1_000,
      ]);
  }
}
