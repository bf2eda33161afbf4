/** How the value of a field is written, and what it becomes in JSON. */
export type FieldType =
  | { readonly kind: 'string' | 'base64' | 'time' | 'quantity' | 'intOrString' }
  /** `explicit`: the Go field is a pointer, so that zero is a value and not the absence of one. */
  | { readonly kind: 'integer' | 'boolean'; readonly explicit: boolean }
  | { readonly kind: 'message'; readonly message: Message };

/** One field of a message. */
export type Field = {
  readonly name: string;
  readonly type: FieldType;
  readonly repeated: 'no' | 'list' | 'map';
};

/** A message: its fields by their numbers. */
export type Message = { readonly name: string; readonly fields: ReadonlyMap<number, Field> };

const once = (name: string, type: FieldType): Field => ({ name, type, repeated: 'no' });

export const string = (name: string): Field => once(name, { kind: 'string' });
export const integer = (name: string): Field => once(name, { kind: 'integer', explicit: false });
export const boolean = (name: string): Field => once(name, { kind: 'boolean', explicit: false });
/** A number whose zero means something. */
export const optionalInteger = (name: string): Field => once(name, { kind: 'integer', explicit: true });
/** A flag whose `false` means something. */
export const optionalBoolean = (name: string): Field => once(name, { kind: 'boolean', explicit: true });
export const base64 = (name: string): Field => once(name, { kind: 'base64' });
export const time = (name: string): Field => once(name, { kind: 'time' });
export const quantity = (name: string): Field => once(name, { kind: 'quantity' });
export const intOrString = (name: string): Field => once(name, { kind: 'intOrString' });
export const nested = (name: string, message: Message): Field => once(name, { kind: 'message', message });

/** The same field any number of times: a JSON array. */
export const list = (field: Field): Field => ({ ...field, repeated: 'list' });
/** Entries of key (1) and value (2): a JSON object. */
export const map = (field: Field): Field => ({ ...field, repeated: 'map' });

/** A message from its fields by number. */
export const message = (name: string, fields: Readonly<Record<number, Field>>): Message => ({
  name,
  fields: new Map(Object.entries(fields).map(([number, field]) => [Number(number), field])),
});
