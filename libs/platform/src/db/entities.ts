import type { EntitySchema } from 'typeorm';

type EntityClass = (new (...args: never[]) => object) | EntitySchema;

/** The TypeORM entities of the contexts that a process has loaded. */
export class Entities {
  constructor(readonly classes: readonly EntityClass[]) {}
}
