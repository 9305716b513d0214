import { cometapi } from './cometapi.js';
import { runContract } from './suite.js';

runContract(cometapi);
