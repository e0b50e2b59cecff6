import { type DynamicModule, Module } from '@nestjs/common';
import { AppDatabase } from './app-database.js';
import { Db } from './db.js';
import { Entities } from './entities.js';
import { SystemDatabase } from './system-database.js';

/** Opens the pools. `entities` are the aggregates of every context that the process serves. */
@Module({})
export class DbModule {
  static forRoot(entities: Entities['classes']): DynamicModule {
    return {
      module: DbModule,
      global: true,
      providers: [{ provide: Entities, useValue: new Entities(entities) }, AppDatabase, SystemDatabase, Db],
      exports: [AppDatabase, SystemDatabase, Db],
    };
  }
}
