import { fal } from './fal.js';
import { runContract } from './suite.js';

runContract(fal);
