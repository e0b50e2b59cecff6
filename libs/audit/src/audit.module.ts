import { Module } from '@nestjs/common';
import { RecordEvent } from './handlers/record-event.js';
import { RecordQuotaRefusals } from './handlers/record-quota-refusals.js';
import { RecordSeats } from './handlers/record-seats.js';
import { AuditController } from './http/audit.controller.js';
import { Entries } from './persistence/entries.js';
import { ReadTrail } from './use-cases/read-trail.js';

@Module({ controllers: [AuditController], providers: [Entries, ReadTrail], exports: [Entries] })
export class AuditModule {}

/** The listeners, for the worker. */
@Module({ imports: [AuditModule], providers: [RecordEvent, RecordSeats, RecordQuotaRefusals] })
export class AuditWorkerModule {}
