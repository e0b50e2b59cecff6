import { Injectable } from '@nestjs/common';
import { type Actor, Db } from '#platform';

/** From which epoch on a person's access tokens hold in a tenant. */
export interface MemberEpoch {
  tenantId: string;
  userId: string;
  epoch: number;
}

@Injectable()
export class TokenEpochs {
  constructor(private readonly db: Db) {}

  /**
   * Of the actor's user in the actor's tenant; 0 for whom nothing was taken from. Whoever signs a token reads it before
   * what the token says: what is taken in between makes that token one of an epoch that is over.
   */
  async of(actor: Actor): Promise<number> {
    const [row] = await this.db.read<{ epoch: number }>(
      actor,
      'select epoch from identity.token_epochs where tenant_id = $1 and user_id = $2',
      [actor.tenantId, actor.id],
    );
    return row?.epoch ?? 0;
  }

  /**
   * Holds the epoch of the transaction's person in its tenant, so that it is raised before this, or after. Whoever looks
   * whether they are a member then, is right for as long as the transaction lasts.
   */
  async hold(): Promise<void> {
    const of = [this.db.actor.tenantId, this.db.actor.id];
    await Promise.all([
      this.db.query(
        `insert into identity.token_epochs (tenant_id, user_id, epoch) values ($1, $2, 0) on conflict do nothing`,
        of,
      ),
      this.db.query(
        'select 1 from identity.token_epochs where tenant_id = $1 and user_id = $2 for share',
        of,
      ),
    ]);
  }

  /** Begins the next epoch of these people in the transaction's tenant. In the order of their ids: two of these wait for each other. */
  async raise(userIds: readonly string[]): Promise<MemberEpoch[]> {
    return this.db.query<MemberEpoch & Record<string, unknown>>(
      `insert into identity.token_epochs (tenant_id, user_id, epoch)
       select $1, user_id, 1 from unnest($2::text[]) as user_id
       on conflict (tenant_id, user_id) do update set epoch = token_epochs.epoch + 1
       returning tenant_id as "tenantId", user_id as "userId", epoch`,
      [this.db.actor.tenantId, [...new Set(userIds)].sort()],
    );
  }
}
