import { register } from 'napi-tls/register';
import './report.mjs';

console.log('again', register());
