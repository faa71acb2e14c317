// What Node has had up to release 22.

import { createSecurePair } from 'napi-tls';

console.log(typeof createSecurePair().cleartext);
