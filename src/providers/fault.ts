/** A network error in one line, with its code. Happy eyeballs throws an AggregateError whose own message is empty. */
export function describeFault(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null;
  const parts: unknown[] = thrown instanceof AggregateError ? thrown.errors : [];
  const inner = parts.map((part) => (part instanceof Error ? part.message : String(part))).join('; ');
  const message = thrown.message === '' ? inner : thrown.message;
  return code === null || message.includes(code) ? message : `${message} (${code})`;
}
