import { comfyui } from './comfyui.js';
import { runContract } from './suite.js';

runContract(comfyui);
