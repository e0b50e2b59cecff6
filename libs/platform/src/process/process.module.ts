import { type DynamicModule, Module } from '@nestjs/common';
import { Clock, SystemClock } from '../clock/clock.js';
import { Log } from '../telemetry/logger.js';

/** What every process has: its log, made before anything else, and the time. */
@Module({})
export class ProcessModule {
  static forRoot(log: Log): DynamicModule {
    return {
      module: ProcessModule,
      global: true,
      providers: [
        { provide: Log, useValue: log },
        { provide: Clock, useClass: SystemClock },
      ],
      exports: [Log, Clock],
    };
  }
}
