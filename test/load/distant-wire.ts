import type { ChildProcess } from 'node:child_process';
import { Sender, type Sent } from '../support/wire.js';
import { started, told } from './children.js';

export interface Errand {
  url: string;
  connections: number;
  all: readonly Sent[];
}

export interface Run {
  times: number[];
  refused: number[];
}

/** A wire of a process of its own, so that what goes on here is no part of what it measures. */
export class DistantWire extends Sender {
  private starting?: Promise<ChildProcess>;
  private readonly children: ChildProcess[] = [];

  constructor(
    private readonly url: string,
    private readonly connections: number,
  ) {
    super();
  }

  async send(all: readonly Sent[]): Promise<void> {
    this.starting ??= started('wire-runner', {}, this.children).then((one) => one.child);
    const { url, connections } = this;
    const run = await told<Errand, Run>(await this.starting, { url, connections, all });
    this.times.push(...run.times);
    this.refused.push(...run.refused);
  }

  close(): void {
    for (const child of this.children) child.kill('SIGKILL');
  }
}
