/**
 * One finetune goes by its id at one upstream, by a LoRA's file or address at others, and by `owner/name:version` at Replicate:
 * its name in all of them, so that it gives its pictures the same look everywhere.
 */
export function finetuneName(called: string): string {
  const bare = called.replace(/[:/][0-9a-f]{64}$/, '').replace(/\.safetensors$/, '');
  return bare.slice(bare.lastIndexOf('/') + 1);
}
