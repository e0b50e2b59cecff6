import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, newId, notFound } from '#platform';
import { Code } from '../catalogue/catalogue-file.js';
import { CatalogueEditor, type ProductRow } from '../persistence/catalogue-editor.js';

const Brand = z
  .string()
  .regex(/^[A-Z0-9]{1,12}$/, 'must be 1 to 12 of A-Z and 0-9')
  .nullable();
const Name = z.string().min(1).max(60);

export const CreateProductInput = z.strictObject({
  code: Code,
  name: Name,
  /** The first part of its keys; null: LICENSE_BRAND. */
  brand: Brand.default(null),
});

export const ChangeProductInput = z
  .strictObject({ product: z.string().max(60), name: Name.optional(), brand: Brand.optional() })
  .refine(({ name, brand }) => name !== undefined || brand !== undefined, 'say what to change');

/** What is sold. Operators only. */
@Injectable()
export class ManageProducts {
  constructor(
    private readonly editor: CatalogueEditor,
    private readonly clock: Clock,
  ) {}

  /** Throws 409 `CODE_TAKEN`. */
  async create(actor: Actor, input: z.output<typeof CreateProductInput>): Promise<ProductRow> {
    actor.must('operator:catalogue');
    const product = { id: newId('prod'), ...input, createdAt: this.clock.now() };
    await this.editor.insertProduct(actor, product);
    return product;
  }

  /** Keys that were issued keep their brand. Throws 404. */
  async change(actor: Actor, input: z.output<typeof ChangeProductInput>): Promise<ProductRow> {
    actor.must('operator:catalogue');
    const { product: ref, name, brand } = input;
    const old = await this.show(actor, ref);
    const product = { ...old, name: name ?? old.name, brand: brand === undefined ? old.brand : brand };
    await this.editor.updateProduct(actor, product);
    return product;
  }

  /** By `prod_...` or code. Throws 404. */
  async show(actor: Actor, ref: string): Promise<ProductRow> {
    actor.must('operator:catalogue');
    const product = await this.editor.product(ref);
    if (!product) throw notFound('product');
    return product;
  }

  async list(actor: Actor): Promise<ProductRow[]> {
    actor.must('operator:catalogue');
    return this.editor.products();
  }
}
