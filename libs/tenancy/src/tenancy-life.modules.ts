import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { ClosedTenants, type TenantEraser, TenantPeople, type TenantRecord } from '#platform';
import { Authority } from './authority.js';
import { ApplyRetention } from './deletion/apply-retention.js';
import { AskDeletion } from './deletion/ask-deletion.js';
import { EndTenants, TenantErasers } from './deletion/end-tenants.js';
import { DownloadExport } from './exports/download-export.js';
import { ExportUpkeep } from './exports/export-upkeep.js';
import { DeclaredRecords, MakeExport } from './exports/make-export.js';
import { ReadExports } from './exports/read-exports.js';
import { RequestExport } from './exports/request-export.js';
import { DeletionController } from './http/deletion.controller.js';
import { ExportsController } from './http/exports.controller.js';
import { EndingTenants } from './persistence/ending-tenants.js';
import { Memberships } from './persistence/memberships.js';
import { TenantExports } from './persistence/tenant-exports.js';
import { Tenants } from './persistence/tenants.js';

/** Taking everything along, and going: what people ask for. */
@Module({
  controllers: [ExportsController, DeletionController],
  providers: [
    Authority,
    Tenants,
    Memberships,
    TenantExports,
    RequestExport,
    ReadExports,
    DownloadExport,
    AskDeletion,
  ],
})
export class TenancyLifeModule {}

interface Contributions {
  imports: NonNullable<DynamicModule['imports']>;
  /** Of every context. */
  records: readonly TenantRecord[];
  people: Type<TenantPeople>;
  erasers: readonly Type<TenantEraser>[];
}

/** What the worker does about that: it knows what all contexts contribute, and tenancy asks none of them. */
@Module({})
export class TenancyLifeWorkerModule {
  static forRoot({ imports, records, people, erasers }: Contributions): DynamicModule {
    return {
      module: TenancyLifeWorkerModule,
      imports,
      providers: [
        Tenants,
        TenantExports,
        EndingTenants,
        ClosedTenants,
        { provide: DeclaredRecords, useValue: new DeclaredRecords(records) },
        { provide: TenantPeople, useExisting: people },
        {
          provide: TenantErasers,
          inject: [...erasers],
          useFactory: (...all: TenantEraser[]) => new TenantErasers(all),
        },
        MakeExport,
        ExportUpkeep,
        EndTenants,
        ApplyRetention,
      ],
    };
  }
}
