import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { onTestFinished } from 'vitest';
import { startHttpsUpstream, type Reply, type Upstream } from '../upstream.js';
import { makeCertificate } from './certificate.js';

let made: ReturnType<typeof makeCertificate> | null = null;

/** A scripted upstream that speaks https with a certificate that this process trusts. Fails on replies not asked for. */
export async function startSecureUpstream(...replies: Reply[]): Promise<Upstream> {
  if (made === null) {
    made = makeCertificate();
    setDefaultCACertificates([...getCACertificates('default'), made.cert]);
  }
  const upstream = await startHttpsUpstream(made, ...replies);
  onTestFinished(() => upstream.close());
  return upstream;
}
