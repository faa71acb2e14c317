// What Node has had since release 24.

import {
  getCACertificates,
  getCertificateCompressionAlgorithms,
  setDefaultCACertificates,
} from 'napi-tls';

const roots: string[] = getCACertificates('default');
setDefaultCACertificates(roots);
const algorithms: string[] = getCertificateCompressionAlgorithms();
console.log(roots.length > 0, Array.isArray(algorithms));
