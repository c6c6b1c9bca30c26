/** Certificates of our own making, self-signed: right, and wrong in one way each. */
import { generateKeyPairSync, sign } from 'node:crypto';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export interface CertificateOptions {
  /** The IPv4 address that it is for. */
  readonly address: string;
  /** Days from now. */
  readonly validFrom: number;
  readonly validUntil: number;
}

/** A value of DER: tag, length, content. */
function der(tag: number, ...parts: (Buffer | readonly number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: (Buffer | readonly number[])[]) => der(0x30, ...parts);
const ecdsaWithSha256 = sequence(der(0x06, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
const name = sequence(der(0x31, sequence(der(0x06, [0x55, 0x04, 0x03]), der(0x0c, Buffer.from('fault suite')))));
/** `20261120080000Z` */
const time = (days: number) =>
  der(0x18, Buffer.from(new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '')));

export function createCertificate({ address, validFrom, validUntil }: CertificateOptions): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const alternativeName = sequence(der(0x87, address.split('.').map(Number)));
  const body = sequence(
    der(0xa0, der(0x02, [2])),
    der(0x02, [1]),
    ecdsaWithSha256,
    name,
    sequence(time(validFrom), time(validUntil)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(sequence(der(0x06, [0x55, 0x1d, 0x11]), der(0x04, alternativeName)))),
  );
  const whole = sequence(body, ecdsaWithSha256, der(0x03, [0], sign('sha256', body, privateKey)));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  };
}
