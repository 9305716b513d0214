import { replicate } from './replicate.js';
import { runContract } from './suite.js';

runContract(replicate);
