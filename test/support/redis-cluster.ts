import { Redis } from 'ioredis';
import { eventually } from './eventually.js';
import { testRedis, type TestRedis } from './redis.js';

/** A Redis Cluster of the test's own: masters only. */
export interface TestCluster {
  nodes: TestRedis[];
  drop(): Promise<void>;
}

const MASTERS = 3;
const SLOTS = 16_384;
/** The nodes talk to each other on a port that much higher. */
const BUS = 10_000;

/** Starts three masters on free loopback ports and shares the slots among them; takes about a second. */
export async function testCluster(): Promise<TestCluster> {
  const nodes = await Promise.all(Array.from({ length: MASTERS }, startNode));
  const clients = nodes.map((node) => new Redis(node.url));
  try {
    const share = Math.ceil(SLOTS / MASTERS);
    await Promise.all(
      clients.map((client, i) => {
        const slots = Array.from({ length: SLOTS }, (_, slot) => slot).slice(i * share, (i + 1) * share);
        return client.cluster('ADDSLOTS', ...(slots as [number, ...number[]]));
      }),
    );
    for (const node of nodes.slice(1)) {
      const { hostname, port } = new URL(node.url);
      await clients[0]!.cluster('MEET', hostname, port);
    }
    await eventually(async () => {
      const states = await Promise.all(clients.map((client) => client.cluster('INFO')));
      return states.every((state) => /cluster_state:ok/.test(state) && /cluster_known_nodes:3/.test(state));
    });
  } finally {
    for (const client of clients) client.disconnect();
  }
  return { nodes, drop: async () => void (await Promise.all(nodes.map((node) => node.drop()))) };
}

/** On a port that leaves room for the one of its bus. */
async function startNode(): Promise<TestRedis> {
  for (;;) {
    const node = await testRedis(['--cluster-enabled', 'yes']);
    if (Number(new URL(node.url).port) + BUS < 65_536) return node;
    await node.drop();
  }
}
