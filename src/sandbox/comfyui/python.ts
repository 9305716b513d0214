/** A Python exception, as ComfyUI names it in its answers. */
export class PythonError extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** A value as Python's `repr` writes it. */
export function repr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (typeof value === 'object') {
    return `{${Object.entries(value)
      .map(([key, each]) => `${quote(key)}: ${repr(each)}`)
      .join(', ')}}`;
  }
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : typeof value;
}

function quote(value: string): string {
  const mark = value.includes("'") && !value.includes('"') ? '"' : "'";
  const body = value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll(mark, `\\${mark}`);
  return `${mark}${body}${mark}`;
}

/** A value as Python's `str` writes it. */
export function str(value: unknown): string {
  return typeof value === 'string' ? value : repr(value);
}

/** A number as Python prints a float. */
export function floatText(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** Python's `int(value)`. Throws PythonError. */
export function toInt(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return Math.trunc(value);
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'string') {
    if (/^\s*[+-]?\d+\s*$/.test(value)) return Number(value);
    throw new PythonError('ValueError', `invalid literal for int() with base 10: ${repr(value)}`);
  }
  const wanted = 'a string, a bytes-like object or a real number';
  throw new PythonError('TypeError', `int() argument must be ${wanted}, not '${typeName(value)}'`);
}

/** Python's `float(value)`. Throws PythonError. */
export function toFloat(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'string') {
    if (value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
    throw new PythonError('ValueError', `could not convert string to float: ${repr(value)}`);
  }
  throw new PythonError('TypeError', `float() argument must be a string or a real number, not '${typeName(value)}'`);
}

export function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') return 'dict';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return 'str';
}
