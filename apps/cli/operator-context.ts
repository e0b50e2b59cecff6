import { userInfo } from 'node:os';
import type { INestApplicationContext } from '@nestjs/common';
import { operator } from '#admin';
import type { Actor } from '#platform';
import { openProduct } from './cli.module.js';

export interface OperatorOptions {
  reason: string;
}

/** What the operator is called on this machine. */
export const operatorName = (): string => userInfo().username;

/** The operator at this machine; the reason stands in the audit trail. */
export const operatorOf = (options: OperatorOptions): Actor => operator(operatorName(), options.reason);

/** The operator at this machine, who only looks. */
export const lookingOperator = (): Actor => operator(operatorName(), 'Only looks.');

/** Runs `work` with the use cases of the contexts, then closes every connection. */
export async function withProduct(work: (product: INestApplicationContext) => Promise<void>): Promise<void> {
  const product = await openProduct();
  try {
    await work(product);
  } finally {
    await product.close();
  }
}
