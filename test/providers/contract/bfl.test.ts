import { bfl } from './bfl.js';
import { runContract } from './suite.js';

runContract(bfl);
