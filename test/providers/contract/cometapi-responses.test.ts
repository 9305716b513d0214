import { cometapiResponses } from './cometapi-responses.js';
import { runContract } from './suite.js';

runContract(cometapiResponses);
