export { AdminModule } from './admin.module.js';
export { operator } from './operator.js';
export { RetryDeadLetters, RetryDeadLettersInput } from './use-cases/retry-dead-letters.js';
