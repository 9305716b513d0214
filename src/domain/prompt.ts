/**
 * The prompt as it is sent: the trigger word of the finetune is put in front when the prompt does not have it as a word
 * of its own, whatever its case.
 */
export function promptWithTrigger(prompt: string, triggerWord: string | null): string {
  if (triggerWord === null || triggerWord === '') return prompt;
  const word = triggerWord.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const present = new RegExp(String.raw`(?<![\p{L}\p{M}\p{N}_])${word}(?![\p{L}\p{M}\p{N}_])`, 'iu').test(prompt);
  if (present) return prompt;
  return prompt === '' ? triggerWord : `${triggerWord}, ${prompt}`;
}
