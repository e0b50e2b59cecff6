import { type Anchor, readAnchor } from '../anchors.js';
import {
  parseObject,
  readFlag,
  readInstant,
  readList,
  readNullable,
  readOptional,
  readText,
  toInstant,
} from '../formats/claims.js';
import {
  type ActivationRequest,
  encodeActivationRequest,
  parseActivationRequest,
} from '../formats/activation.js';
import { StateFile } from '../state/state-file.js';

/** Under which licence this machine runs. */
export interface Activation {
  /** null: of a machine without a network. */
  url: string | null;
  /** Over bare HTTP, to another machine. */
  allowHttp: boolean;
  /** In full: the file is its owner's alone. null: whoever is signed in. */
  licenseKey: string | null;
  hardwareId: string | null;
  anchors: readonly Anchor[];
  issuer: string | null;
  /** By files: no server is asked. */
  isOffline: boolean;
  /** Epoch ms. */
  activatedAt: number;
}

/** `activation.json` of the state directory. */
export const activationFile = (directory: string) =>
  new StateFile<Activation>(directory, 'activation.json', { format, parse });

/** `request.json`: the activation request whose answer is waited for. */
export const requestFile = (directory: string) =>
  new StateFile<ActivationRequest>(directory, 'request.json', {
    format: encodeActivationRequest,
    parse: parseActivationRequest,
  });

function format(activation: Activation): string {
  const content = {
    version: 1,
    url: activation.url,
    allow_http: activation.allowHttp,
    license_key: activation.licenseKey,
    hardware_id: activation.hardwareId,
    anchors: activation.anchors.map(({ kid, x }) => ({ kid, x })),
    issuer: activation.issuer,
    offline: activation.isOffline,
    activated_at: toInstant(activation.activatedAt),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function parse(text: string): Activation | null {
  const content = parseObject(text, 'activation.json');
  if (content['version'] !== 1) return null;
  return {
    url: readNullable(content, 'url', (from, name) => readText(from, name, 2048)),
    allowHttp: readOptional(content, 'allow_http', readFlag) ?? false,
    licenseKey: readNullable(content, 'license_key', readText),
    hardwareId: readNullable(content, 'hardware_id', readText),
    anchors: readList(content, 'anchors', 64, readAnchor),
    issuer: readNullable(content, 'issuer', readText),
    isOffline: readFlag(content, 'offline'),
    activatedAt: readInstant(content, 'activated_at'),
  };
}
