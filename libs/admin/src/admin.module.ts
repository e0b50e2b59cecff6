import { Module } from '@nestjs/common';
import { EventBusModule } from '#platform';
import { RetryDeadLetters } from './use-cases/retry-dead-letters.js';

/** What operators do that belongs to no context. */
@Module({
  imports: [EventBusModule.forOperators()],
  providers: [RetryDeadLetters],
  exports: [RetryDeadLetters],
})
export class AdminModule {}
