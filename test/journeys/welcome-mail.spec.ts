import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { eventually } from '../support/eventually.js';
import { signUp } from '../support/person.js';
import { type Product, type ProductProcess, startProduct } from '../support/product.js';

interface Received {
  messageId: string;
  text: string;
}

/** A mail server whose behaviour at the end of each mail the test decides. */
class Postbox {
  readonly mails: Received[] = [];
  /** Called with a mail before it is answered with 250. */
  onMail: (mail: Received) => Promise<void> = async () => undefined;
  private readonly server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData: (stream, _session, answer) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => void this.take(Buffer.concat(chunks)).then(() => answer(), answer));
    },
  });

  async start(): Promise<string> {
    // A worker that is killed leaves its connection broken; that is what is tested.
    this.server.on('error', () => undefined);
    this.server.listen(0, '127.0.0.1');
    await once(this.server.server, 'listening');
    return `smtp://127.0.0.1:${(this.server.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(resolve));
  }

  private async take(raw: Buffer): Promise<void> {
    const { messageId = '', text = '' } = await PostalMime.parse(raw);
    const mail = { messageId, text };
    await this.onMail(mail);
    this.mails.push(mail);
  }
}

/** What a killed worker had begun is taken over soon, so that the test does not wait long. */
const SHORT_CLAIMS = { EVENTS_CLAIM_MS: '2000', EVENTS_LOCK_MS: '2000', EVENTS_STALLED_MS: '1000' };

const postbox = new Postbox();
let product: Product;

beforeAll(async () => {
  product = await startProduct({ SMTP_URL: await postbox.start(), ...SHORT_CLAIMS });
});

afterAll(async () => {
  await product?.stop();
  await postbox.stop();
});

const mailsWith = (key: string) => postbox.mails.filter((mail) => mail.text.includes(key));

/** Kills the worker while it sends the mail with `key`, before or after the server has it, and starts another. */
async function killedWhileSending(worker: ProductProcess, when: 'before' | 'after'): Promise<ProductProcess> {
  await new Promise<void>((resolve) => {
    postbox.onMail = async () => {
      postbox.onMail = async () => undefined;
      await worker.kill();
      resolve();
      if (when === 'before') throw new Error('The connection is gone before the mail was taken.');
    };
    void signUp(product.api.url).then(({ license }) => (signedUpKey = license.key ?? ''));
  });
  return product.startWorker();
}

let signedUpKey = '';

describe('the welcome mail (S1-15)', () => {
  it('is sent once', async () => {
    const { license } = await signUp(product.api.url);
    await eventually(() => mailsWith(license.key ?? '').length === 1, { withinMs: 15_000 });
  });

  it('is not lost with a worker that is killed before the server has it', async () => {
    product.worker = await killedWhileSending(product.worker, 'before');
    await eventually(() => signedUpKey !== '' && mailsWith(signedUpKey).length === 1, { withinMs: 45_000 });
  });

  it('comes twice, under one Message-ID, when the worker is killed between the 250 and our mark', async () => {
    product.worker = await killedWhileSending(product.worker, 'after');
    await eventually(() => mailsWith(signedUpKey).length === 2, { withinMs: 45_000 });
    expect(new Set(mailsWith(signedUpKey).map((mail) => mail.messageId)).size).toBe(1);
  });
});
