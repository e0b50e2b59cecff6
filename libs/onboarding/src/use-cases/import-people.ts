import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Actor } from '#platform';
import { FindUser } from '#identity';
import { DescribeTenant } from '#tenancy';
import type { PersonFault, PersonRow } from '../imports/person-line.js';
import { readPeople } from '../imports/read-people.js';
import { MakePerson, type PersonToMake } from './make-person.js';

export const ImportPeopleInput = z.strictObject({
  format: z.enum(['csv', 'jsonl']),
  /** The hashes have the source's pepper behind the password (`AUTH_IMPORTED_BCRYPT_PEPPER`). */
  peppered: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  /** Takes the lines that are sound; else one faulty line stops all. */
  skipFaulty: z.boolean().default(false),
});

type Outcome = 'made' | 'there already' | 'would be made';

export interface PeopleReport {
  lines: { line: number; outcome: Outcome }[];
  faults: PersonFault[];
}

/** Makes accounts of the lines of a file, all or, unless faulty lines are skipped, none (C31). Operators only. */
@Injectable()
export class ImportPeople {
  constructor(
    private readonly findUser: FindUser,
    private readonly describeTenant: DescribeTenant,
    private readonly makePerson: MakePerson,
  ) {}

  /**
   * One transaction for each person: what is interrupted leaves whole ones, and is repeated by saying the same again, since
   * an address that is there is left alone. `onProgress` is told how many lines of how many are done.
   */
  async execute(
    actor: Actor,
    file: Readable,
    input: z.output<typeof ImportPeopleInput>,
    onProgress: (done: number, total: number) => void = () => undefined,
  ): Promise<PeopleReport> {
    actor.must('operator:users');
    const { rows, faults } = await readPeople(file, input.format);
    faults.push(...(await this.withoutTenant(actor, rows)));
    if (faults.length > 0 && !input.skipFaulty) return { lines: [], faults };

    const faulty = new Set(faults.map(({ line }) => line));
    const sound = rows.filter(({ line }) => !faulty.has(line));
    const lines: PeopleReport['lines'] = [];
    for (const { line, row } of sound) {
      lines.push({ line, outcome: await this.make(actor, row, input) });
      onProgress(lines.length, sound.length);
    }
    return { lines, faults };
  }

  private async make(
    actor: Actor,
    row: PersonRow,
    { dryRun, peppered }: z.output<typeof ImportPeopleInput>,
  ): Promise<Outcome> {
    if (dryRun) return (await this.findUser.execute(actor, row.email)) ? 'there already' : 'would be made';
    return (await this.makePerson.execute(actor, personOf(row, peppered))) ? 'made' : 'there already';
  }

  private async withoutTenant(actor: Actor, rows: readonly { line: number; row: PersonRow }[]) {
    const faults: PersonFault[] = [];
    const known = new Map<string, boolean>();
    for (const { line, row } of rows) {
      const tenantId = row.tenant_id;
      if (!tenantId) continue;
      if (!known.has(tenantId))
        known.set(tenantId, (await this.describeTenant.execute(actor.as({ tenantId }))) !== null);
      if (!known.get(tenantId)) faults.push({ line, field: 'tenant_id', message: 'there is no such tenant' });
    }
    return faults;
  }
}

const personOf = (row: PersonRow, peppered: boolean): PersonToMake => ({
  email: row.email,
  emailVerified: row.email_verified,
  displayName: row.display_name ?? null,
  password: row.password_hash === undefined ? null : { bcrypt: row.password_hash, peppered },
  place: row.tenant_id
    ? { tenantId: row.tenant_id, role: row.role ?? 'member' }
    : { organizationName: row.organization_name ?? '' },
});
