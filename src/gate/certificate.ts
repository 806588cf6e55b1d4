import { createPublicKey } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  Certificate,
  Name,
  RelativeDistinguishedName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509'
import type { SigningKey } from '../domain/signing-key.ts'

const sha256WithRsaEncryption = '1.2.840.113549.1.1.11'
const commonName = '2.5.4.3'
/** Longer than any key lives. Whether a key is still honoured is said by its being published, not by its certificate. */
const validForYears = 10

/** A self-signed X.509 certificate over a signing key, in PEM. The same for the same key wherever it is made: nothing in it is chance, nor is the signature (RFC 8017, section 8.2). */
export async function certificateOf(key: SigningKey, sign: (content: Buffer) => Promise<Buffer>): Promise<string> {
  // RFC 8017, appendix A.2.4: the parameters are NULL and must not be left out.
  const signatureAlgorithm = new AlgorithmIdentifier({ algorithm: sha256WithRsaEncryption, parameters: null })
  // RFC 5280, section 4.1.2.5: times are in whole seconds.
  const notBefore = new Date(Math.floor(key.createdAt / 1000) * 1000)
  const notAfter = new Date(notBefore)
  notAfter.setUTCFullYear(notBefore.getUTCFullYear() + validForYears)
  // A key id has 64 characters, as many as a common name may have (RFC 5280, appendix A.1).
  const value = new AttributeValue({ utf8String: key.id })
  const name = new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: commonName, value })])])
  const tbsCertificate = new TBSCertificate({
    ...{ version: Version.v3, serialNumber: serialOf(key.id), signature: signatureAlgorithm, issuer: name, subject: name },
    validity: new Validity({ notBefore, notAfter }),
    subjectPublicKeyInfo: AsnConvert.parse(createPublicKey(key.publicKey).export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo),
  })
  const signature = await sign(Buffer.from(AsnConvert.serialize(tbsCertificate)))
  const certificate = new Certificate({ tbsCertificate, signatureAlgorithm, signatureValue: arrayBufferOf(signature) })
  return pem(Buffer.from(AsnConvert.serialize(certificate)))
}

/** RFC 5280, section 4.1.2.2: positive, and at most 20 octets. The first one keeps it positive, and of one length. */
function serialOf(keyId: string): ArrayBuffer {
  return arrayBufferOf(Buffer.concat([Buffer.of(1), Buffer.from(keyId, 'hex').subarray(0, 15)]))
}

function arrayBufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

/** RFC 7468, section 5.1. */
function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
