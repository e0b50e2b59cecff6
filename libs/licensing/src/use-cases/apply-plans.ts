import { Injectable } from '@nestjs/common';
import { type Actor, Clock, SystemDatabase } from '#platform';
import { applyCatalogue, type CatalogueChange } from '../catalogue/apply-catalogue.js';
import type { CatalogueFile } from '../catalogue/catalogue-file.js';
import { CatalogueEditor, type CatalogueChangeRow } from '../persistence/catalogue-editor.js';

/** Brings the catalogue of plans to what a file says, while everything runs. Operators only. */
@Injectable()
export class ApplyPlans {
  constructor(
    private readonly database: SystemDatabase,
    private readonly editor: CatalogueEditor,
    private readonly clock: Clock,
  ) {}

  /** Gives what changes; `dryRun` changes nothing. */
  async execute(actor: Actor, file: CatalogueFile, { dryRun = false } = {}): Promise<CatalogueChange[]> {
    actor.must('operator:catalogue');
    const by = { operator: actor.id ?? '', reason: actor.reason ?? '', at: this.clock.now() };
    return this.database.transaction((client) => applyCatalogue(client, file, by, { dryRun }));
  }

  /** The last changes of the catalogue, newest first. */
  async history(actor: Actor, limit: number): Promise<CatalogueChangeRow[]> {
    actor.must('operator:catalogue');
    return this.editor.log(limit);
  }
}
