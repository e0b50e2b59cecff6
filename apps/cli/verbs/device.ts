import { Command } from 'commander';
import { DeviceParams, OperateDesk, ReadDevicesInput } from '#licensing';
import { counting } from '../arguments.js';
import { lookingOperator, operatorOf, type OperatorOptions, withProduct } from '../operator-context.js';
import { say, sayEnd } from '../say.js';

interface ListOptions {
  limit?: number;
  cursor?: string;
}

export function deviceVerb(): Command {
  const device = new Command('device').description('Devices of node-locked licences.');
  device
    .command('list')
    .description('The devices that have a place: device, since when, person.')
    .argument('<license>', 'its id, lic_..., or its key')
    .option('--limit <n>', 'how many, 100 at most', counting)
    .option('--cursor <cursor>', 'go on where a page ended')
    .action(list);
  device
    .command('unbind')
    .description('Take a device off: its seat ends, its place is free.')
    .argument('<license>', 'its id, lic_..., or its key')
    .argument('<device>', 'as the list names it')
    .requiredOption('--reason <why>', 'stands in the audit trail')
    .action(unbind);
  return device;
}

async function list(license: string, options: ListOptions): Promise<void> {
  const page = ReadDevicesInput.parse(options);
  await withProduct(async (product) => {
    const devices = await product
      .get(OperateDesk, { strict: false })
      .devices(lookingOperator(), license, page);
    for (const { device, boundAt, userId } of devices.data)
      say(`${device} since ${boundAt.toISOString()} ${userId ?? 'nobody'}`);
    sayEnd(devices);
  });
}

async function unbind(license: string, name: string, options: OperatorOptions): Promise<void> {
  const actor = operatorOf(options);
  const device = DeviceParams.shape.device.parse(name);
  await withProduct((product) => product.get(OperateDesk, { strict: false }).unbind(actor, license, device));
  say(`${device} is unbound.`);
}
