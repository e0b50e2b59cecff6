import { Global, Module } from '@nestjs/common';
import { createMailer } from './create-mailer.js';
import { EventMail } from './event-mail.js';
import { MailConfig } from './mail.config.js';
import { Mailer } from './mailer.js';

/** The mailer that the configuration names. Only the worker sends mail. */
@Global()
@Module({
  providers: [
    { provide: Mailer, inject: [MailConfig], useFactory: (config: MailConfig) => createMailer(config) },
    EventMail,
  ],
  exports: [Mailer, EventMail],
})
export class MailModule {}
