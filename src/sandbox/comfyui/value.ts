import type { InputSpec, NodeClass } from './specs.js';
import { customReason, inputReason, notInList, type Reason } from './complaint.js';
import { inputConfig, typeOf, type Shelf } from './object-info.js';
import { floatText, PythonError, repr, str, toFloat, toInt } from './python.js';

type Given = {
  readonly name: string;
  /** Holds the value; a converted one is put back. */
  readonly inputs: Record<string, unknown>;
  readonly spec: InputSpec;
  readonly nodeClass: NodeClass;
  readonly shelf: Shelf;
};

function unwrap(value: unknown): unknown {
  return typeof value === 'object' && value !== null && '__value__' in value ? value.__value__ : value;
}

/** Converts as Python would. Throws PythonError. */
function convert(type: unknown, value: unknown): unknown {
  switch (type) {
    case 'INT':
      return toInt(value);
    case 'FLOAT':
      return toFloat(value);
    case 'STRING':
      return str(value);
    case 'BOOLEAN':
      return Boolean(value);
    default:
      return value;
  }
}

/** What is wrong with a value that is no link, or null. */
export function checkValue({ name, inputs, spec, nodeClass, shelf }: Given): Reason | null {
  const given = unwrap(inputs[name]);
  // An image is looked for among the files, and so may lie in a folder that the list does not show.
  if (spec[1]?.['image_upload'] === true) {
    return shelf.hasImage(str(given)) ? null : customReason(name, `Invalid image file: ${str(given)}`);
  }
  const type = typeOf(spec, shelf.lists);
  const config = inputConfig(spec, nodeClass, shelf.lists);
  let value = given;
  try {
    value = convert(type, given);
    inputs[name] = value;
  } catch (thrown) {
    if (!(thrown instanceof PythonError)) throw thrown;
    const message = `Failed to convert an input value to a ${String(type)} value`;
    return inputReason('invalid_input_type', message, `${name}, ${str(given)}, ${thrown.message}`, {
      input_name: name,
      input_config: config,
      received_value: given,
      exception_message: thrown.message,
    });
  }
  const extra = { input_name: name, input_config: config, received_value: value };
  const { min, max } = spec[1] ?? {};
  const show = (number: number): string => (type === 'FLOAT' ? floatText(number) : repr(number));
  if (typeof value === 'number' && typeof min === 'number' && value < min) {
    const message = `Value ${show(value)} smaller than min of ${show(min)}`;
    return inputReason('value_smaller_than_min', message, name, extra);
  }
  if (typeof value === 'number' && typeof max === 'number' && value > max) {
    const message = `Value ${show(value)} bigger than max of ${show(max)}`;
    return inputReason('value_bigger_than_max', message, name, extra);
  }
  if (typeof type !== 'string' && !type.some((option) => option === value)) return notInList(name, value, type, config);
  return null;
}
