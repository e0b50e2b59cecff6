import { Injectable } from '@nestjs/common';
import type { Actor } from '#platform';
import { type UserRow, Users } from '../persistence/users.js';

/** Where to write to a person: asked by those who send mail on behalf of the product. */
@Injectable()
export class ReadContact {
  constructor(private readonly users: Users) {}

  /** Null when the person has gone. */
  execute(actor: Actor, userId: string): Promise<UserRow | null> {
    return this.users.self(actor.as({ type: 'user', id: userId }));
  }
}
